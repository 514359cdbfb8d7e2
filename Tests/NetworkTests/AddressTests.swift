import Testing

@testable import Networking

struct AddressTests {
    @Test(
        "public addresses are public",
        arguments: [
            "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
            "128.0.0.1", "169.253.255.255", "172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0",
            "198.17.255.255", "198.20.0.0", "223.255.255.255", "2606:4700::1111", "2a00:1450::1", "2001:200::1",
            "2003::1", "64:ff9b::808:808", "::ffff:8.8.8.8",
        ])
    func publicOnes(_ text: String) throws {
        #expect(AddressRules.isPublic(try #require(IPAddress(text))))
    }

    @Test("a block holds its first and last address, and not the ones beside it")
    func blocks() throws {
        let block: AddressBlock = "172.16.0.0/12"
        func holds(_ text: String) throws -> Bool { block.contains(try #require(IPAddress(text))) }
        #expect(try holds("172.16.0.0") && holds("172.31.255.255"))
        #expect(try !holds("172.15.255.255") && !holds("172.32.0.0") && !holds("::ac10:0"))
        #expect(AddressBlock("0.0.0.0/0").contains(try #require(IPAddress("255.1.2.3"))) == true)
        #expect(AddressBlock("fd00::/9").contains(try #require(IPAddress("fd80::"))) == false)
    }

    @Test("a mapped address is allowed and refused as the one that it maps")
    func mapped() throws {
        let rules = AddressRules(allowPrivate: ["10.0.0.0/8"])
        #expect(rules.allows(try #require(IPAddress("::ffff:10.1.2.3"))))
        #expect(!rules.allows(try #require(IPAddress("::ffff:127.0.0.1"))))
    }

    @Test("a URL is put together from its parts, and is read again as the same")
    func urls() throws {
        for (text, wanted) in [
            ("https://A.Test", "https://a.test/"), ("https://a.test:443/x", "https://a.test/x"),
            ("http://a.test:80?q", "http://a.test/?q"),
            ("http://[2606:4700::0:1]:8080/a", "http://[2606:4700::1]:8080/a"),
            ("https://a.test/%41/../b?c=/[]", "https://a.test/%41/../b?c=/[]"),
        ] {
            let url = try NetworkURL(text)
            #expect(url.text == wanted)
            #expect(try NetworkURL(url.text) == url)
        }
    }
}
