import SensitivePatterns
import Testing

// Made up, and in pieces, so that no scanner takes them for keys.
private let aws = "AKIA" + "IOSFODNN7EXAMPLE"
private let github = "ghp_" + "16C7e42F292c6912E7710c838347Ae178B4a"
private let openAI = "sk-" + "proj-" + "a1B2c3D4e5F6g7H8i9J0k1L2"
private let stripe = "sk_" + "live_" + "4eC39HqLyjWDarjtT1zdp7dc"

struct SensitiveFinderTests {
    private func found(_ text: String, _ kinds: [SensitiveKind] = SensitiveKind.allCases) -> [String] {
        var finder = SensitiveFinder(kinds)
        let bytes = Array(text.utf8)
        return finder.findings(in: bytes).map {
            "\($0.kind.rawValue) \(String(decoding: bytes[$0.range], as: UTF8.self))"
        }
    }

    @Test(
        "sensitive text is found, all of it and no more",
        arguments: [
            ("Write to jane.doe+x@mail.example.co.uk, please.", ["email jane.doe+x@mail.example.co.uk"]),
            ("<müller@köln.de>", ["email müller@köln.de"]), ("o'neil@example.com.", ["email o'neil@example.com"]),
            ("call +49 (0)30 1234567 or +1-202-555-0143", ["phone +49 (0)30 1234567", "phone +1-202-555-0143"]),
            ("(202) 555-0143, 202.555.0143", ["phone (202) 555-0143", "phone 202.555.0143"]),
            ("Tel. 030 / 1234567", ["phone 030 / 1234567"]), ("01 23 45 67 89", ["phone 01 23 45 67 89"]),
            ("01711234567", ["phone 01711234567"]), ("0044 20 7946 0958", ["phone 0044 20 7946 0958"]),
            ("pay with 4111 1111 1111 1111.", ["card 4111 1111 1111 1111"]),
            ("12 4111-1111-1111-1111 34", ["card 4111-1111-1111-1111"]), ("378282246310005", ["card 378282246310005"]),
            ("5555555555554444;2223003122003222", ["card 5555555555554444", "card 2223003122003222"]),
            ("to DE89 3704 0044 0532 0130 00 TODAY", ["iban DE89 3704 0044 0532 0130 00"]),
            ("gb82west12345698765432", ["iban gb82west12345698765432"]),
            ("from 192.168.0.17.", ["ip 192.168.0.17"]),
            ("[2001:db8::8a2e:370:7334]:80", ["ip 2001:db8::8a2e:370:7334"]),
            ("::ffff:10.0.0.1", ["ip ::ffff:10.0.0.1"]), ("at ::1, fe80::1", ["ip ::1", "ip fe80::1"]),
            ("key " + aws, ["key " + aws]), ("T=" + github, ["key " + github]), (openAI + ".", ["key " + openAI]),
            ("'" + stripe + "'", ["key " + stripe]),
        ])
    func hits(text: String, wanted: [String]) {
        #expect(found(text) == wanted)
    }

    @Test(
        "text that only looks like it is left alone",
        arguments: [
            "a@b", "@example.com", "user@localhost", "a..b@example.com", "2024-05-06", "01.02.2024", "12:30:45",
            "3.14159265358979", "978-3-16-148410-0", "order 1234567890", "4111 1111 1111 1112", "1700000000000",
            "9999999999999995", "DE89 3704 0044 0532 0130 01", "XX82WEST12345698765432", "1.2.3", "1.2.3.4.5",
            "256.1.1.1", "01.02.03.04", "std::vector", "a::b", "aa:bb:cc:dd:ee:ff", "1:2:3:4:5:6:7:8:9", "1::2::3",
            "sk-learn-is-a-library-for-machine-learning", "AKIA", "hf_hub_download", "555-0143",
        ])
    func misses(text: String) {
        #expect(found(text) == [])
    }

    @Test("only the kinds that are asked for are found")
    func kinds() {
        let text = "jane@example.com 4111111111111111 10.0.0.1"
        #expect(found(text, [.card]) == ["card 4111111111111111"])
        #expect(found(text, []) == [])
    }

    @Test("a stream holds back what may be sensitive still, and finds the same however it is cut")
    func streams() {
        let text =
            "Mail jane@example.com, pay 4111 1111 1111 1111 at 10.0.0.1 or DE89 3704 0044 0532 0130 00. Bye now, über."
        let bytes = Array(text.utf8)
        var finder = SensitiveFinder(SensitiveKind.allCases)
        let whole = finder.findings(in: bytes)
        #expect(whole.count == 4)
        for step in [1, 2, 3, 7, 20] {
            var found: [SensitiveFinding] = []
            var released = 0
            var end = 0
            while end < bytes.count {
                end = min(end + step, bytes.count)
                let seen = Array(bytes[..<end])
                if end < bytes.count, bytes[end] & 0xC0 == 0x80 { continue }
                let (findings, open) = end == bytes.count ? (finder.findings(in: seen), end) : finder.scan(seen)
                #expect(open >= released && end - open <= finder.holdBytes)
                found += findings.filter { $0.range.lowerBound >= released }
                released = open
            }
            #expect(found == whole, "in pieces of \(step)")
        }
    }

    @Test("the bytes held back are those of the longest kind")
    func holding() {
        #expect(SensitiveFinder([.card]).holdBytes == 37)
        #expect(SensitiveFinder([.email]).holdBytes == 255)
        #expect(SensitiveFinder([]).holdBytes == 1)
    }
}
