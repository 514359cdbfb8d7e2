import FakeOrigin
import Foundation
import Testing

@testable import Networking

/// What a request may not reach, and how it may not be written. A canary listens on every address of this machine.
@Suite(.timeLimit(.minutes(10)))
struct RefusedURLTests {
    private static let hosts4 = [
        "127.0.0.1", "127.0.0.2", "127.1.2.3", "127.255.255.254", "0.0.0.0", "0.0.0.1", "0.255.255.255", "10.0.0.1",
        "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1", "192.168.255.255", "169.254.169.254",
        "169.254.0.1", "100.64.0.1", "100.127.255.255", "192.0.0.1", "192.0.0.170", "192.0.2.1", "192.88.99.1",
        "198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.255.255.250", "240.0.0.1",
        "255.255.255.255",
    ]

    private static let hosts6 = [
        "::1", "::", "::2", "0:0:0:0:0:0:0:1", "0000::0001", "::ffff:127.0.0.1", "::ffff:7f00:1", "::ffff:10.0.0.1",
        "::ffff:169.254.169.254", "::ffff:0:127.0.0.1", "::127.0.0.1", "::7f00:1", "fd00::1", "fc00::1",
        "fdff:ffff::1", "fe80::1", "febf::1", "fec0::1", "ff02::1", "ff0e::1", "64:ff9b::127.0.0.1",
        "64:ff9b::10.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "100::1", "2001::1", "2001:0:7f00:1::1",
        "2001:10::1", "2001:20::1", "2001:db8::1", "2002:7f00:1::", "2002:7f00:1::1", "2002:a00:1::1", "3fff::1",
        "4000::1", "5f00::1",
    ]

    /// Spellings that some reader takes for an address of this machine.
    private static let spellings = [
        "2130706433", "017700000001", "0x7f000001", "0X7F000001", "0x7f.1", "0x7f.0.0.1", "0177.0.0.1", "0177.1",
        "127.1", "127.0.1", "127.0.0.01", "127.0.0.1.", "127.00.0.1", "127.0.0.256", "127.0.0", "1.1.1.1.1", "0", "00",
        "0x0", "127.0.0.0x1", "1.2.3.08", "[::1", "::1", "[::1]x", "[::1%25lo]", "[::1%lo]", "[127.0.0.1]", "[]",
        "[v1.x]", "①②⑦.0.0.1", "127。0。0。1", "ⓛocalhost", "loc%61lhost", "%6cocalhost", "127.0.0.1%00", "local host",
        "localhost.", "-a.test", "a-.test", "a..test", ".test", "a_b.test", "a,b", "a;b", "!", "xn--.0x1", "",
    ]

    private static let names = [
        "localhost", "LOCALHOST", "metadata", "a.test", "A.Test", "private.test", "linklocal.test", "six.test",
        "mapped.test", "mixed.test", "teredo.test", "sixtofour.test", "nat64.test", "zero.test", "multicast.test",
    ]

    private static let addresses: [String: [String]] = [
        "private.test": ["10.1.2.3"], "linklocal.test": ["169.254.169.254"], "six.test": ["::1"],
        "mapped.test": ["::ffff:127.0.0.1"], "mixed.test": ["93.184.216.34", "127.0.0.1"],
        "teredo.test": ["2001:0:7f00:1::"], "sixtofour.test": ["2002:7f00:1::"], "nat64.test": ["64:ff9b::7f00:1"],
        "zero.test": ["0.0.0.0"], "multicast.test": ["224.0.0.251"],
    ]

    /// Whole URLs; PORT is the canary's.
    private static let tricks = [
        "http://ok@127.0.0.1:PORT/", "http://ok:pw@127.0.0.1:PORT/", "http://93.184.216.34@127.0.0.1:PORT/",
        "http://127.0.0.1:PORT@93.184.216.34/", "http://@127.0.0.1:PORT/", "http://93.184.216.34\\@127.0.0.1:PORT/",
        "http://127.0.0.1:PORT\\.example.com/", "http:\\\\127.0.0.1:PORT/", "http:///127.0.0.1:PORT/",
        "http:127.0.0.1:PORT/", "http:/127.0.0.1:PORT/", "http://127.0.0.1:PORT#.example.com/",
        "http://93.184.216.34/#@127.0.0.1:PORT/", "http://127.0.0.1:PORT/a#b", "http://127.0.0.1\t:PORT/",
        "http://127.0.0.1:PORT/\r\nX: y", "http://127.0.0.1:PORT/\n", " http://127.0.0.1:PORT/",
        "http://127.0.0.1 :PORT/",
        "http://127.0.0.1:PORT/ ", "\u{0}http://127.0.0.1:PORT/", "http://127.0.0.1:PORT\u{0}/",
        "http://127.0.0.1:0PORT/",
        "http://127.0.0.1:+PORT/", "http://127.0.0.1:PORT:80/", "http://127.0.0.1:/", "http://127.0.0.1:99999/",
        "http://127.0.0.1:PORT/%", "http://127.0.0.1:PORT/%zz", "http://127.0.0.1:PORT/<>", "http://127.0.0.1:PORT/ü",
        "HTTP://127.0.0.1:PORT/", "gopher://127.0.0.1:PORT/", "ftp://127.0.0.1:PORT/", "file:///etc/passwd",
        "data:,x", "ws://127.0.0.1:PORT/", "unix:///tmp/x", "http+unix://%2Ftmp%2Fx/", "//127.0.0.1:PORT/",
        "127.0.0.1:PORT", "http://", "https://", "http://?", "http:///", "", "http://127.0.0.1:PORT?x@y",
        "http://\u{202E}127.0.0.1:PORT/", "http://exämple.test:PORT/", "http://127.0.0.1:PORT/|", "http://{a}:PORT/",
        "http://[::1]:PORT\\@a.test/", "http://a.test:22/", "http://a.test:6379/", "https://a.test:8080/",
    ]

    @Test("no form of an address that is not public is connected to: over 150 of them, by http and https")
    func refused() async throws {
        var count = 0
        try await Origin.run(host: "::", Origin.answering(Origin.ok("secret"))) { canary in
            let hosts = Self.hosts4 + Self.hosts6.map { "[\($0)]" } + Self.spellings + Self.names
            let urls =
                hosts.flatMap { ["http://\($0):\(canary.port)/", "https://\($0):\(canary.port)/"] }
                + Self.tricks.map { $0.replacing("PORT", with: "\(canary.port)") }
            for url in urls {
                let network = openNetwork(
                    canary.port,
                    { configuration in
                        configuration.ports = [80, 443, canary.port]
                        configuration.allowPrivate = []
                    }, resolver: ScriptedResolver { name, _ in Self.addresses[name] ?? ["127.0.0.1"] })
                let error = await network.refusal(url)
                #expect(error?.code == .urlNotAllowed, "\(url): \(error?.description ?? "fetched")")
                count += 1
            }
            // Is it awake?
            _ = try await openNetwork(canary.port).get("http://a.test:\(canary.port)/")
            #expect(canary.connections == 1)
        }
        #expect(count >= 300)
    }

    @Test("this machine's own addresses are refused, whatever they are")
    func own() async throws {
        for address in try ownAddresses() {
            let network = openNetwork(80) { $0.allowPrivate = [] }
            let host = address.isVersion6 ? "[\(address)]" : "\(address)"
            #expect(await network.refusal("http://\(host)/")?.code == .urlNotAllowed, "\(host)")
        }
    }

    @Test("a redirect to a place that would be refused is refused", arguments: [301, 302, 303, 307, 308])
    func redirects(_ status: Int) async throws {
        try await Origin.run(Origin.answering(Origin.ok("secret"))) { canary in
            let places = [
                "http://10.0.0.1/", "http://private.test/", "//127.0.0.2:\(canary.port)/", "http://2130706433/",
                "gopher://a.test/", "file:///etc/passwd", "http://ok@a.test/", "http://a.test:22/", "\\\\a.test/",
                "http://[::1]:\(canary.port)/",
            ]
            for place in places {
                try await Origin.run(Origin.answering(Origin.redirect(status, to: place))) { origin in
                    let network = openNetwork(
                        origin.port,
                        { configuration in
                            configuration.ports = [80, 443, origin.port, canary.port]
                            configuration.allowPrivate = ["127.0.0.1/32"]
                        },
                        resolver: ScriptedResolver { name, _ in name == "private.test" ? ["127.0.0.2"] : ["127.0.0.1"] }
                    )
                    let error = await network.refusal("http://origin.test:\(origin.port)/a")
                    #expect(error?.code == .urlNotAllowed, "\(place): \(error?.description ?? "fetched")")
                    #expect(origin.connections == 1)
                }
            }
            #expect(canary.connections == 0)
        }
    }

    @Test("the connection goes to the address that was checked, though the name server changes its mind")
    func rebinding() async throws {
        try await Origin.run(host: "127.0.0.2", Origin.answering(Origin.ok("public"))) { origin in
            let resolver = ScriptedResolver { _, time in time == 0 ? ["127.0.0.2"] : ["127.0.0.1"] }
            func network() -> TestNetwork {
                openNetwork(origin.port, { $0.allowPrivate = ["127.0.0.2/32"] }, resolver: resolver)
            }
            let fetched = try await network().get("http://rebind.test:\(origin.port)/")
            #expect(fetched.text == "public")
            #expect(resolver.count(of: "rebind.test") == 1)
            // The second time it says what it hides.
            #expect(await network().refusal("http://rebind.test:\(origin.port)/")?.code == .urlNotAllowed)
            #expect(origin.connections == 1)
            #expect(origin.requests.first?.lowercased().contains("\r\nhost: rebind.test:\(origin.port)\r\n") == true)
        }
    }

    @Test("a redirect is resolved anew, and refused when its name has moved to a private address")
    func rebindingByRedirect() async throws {
        let script: Origin.Script = { _, connection in
            connection.send(Origin.redirect(302, to: "/again"), thenClose: true)
        }
        try await Origin.run(host: "127.0.0.2", script) { origin in
            let resolver = ScriptedResolver { _, time in time == 0 ? ["127.0.0.2"] : ["127.0.0.1"] }
            let network = openNetwork(origin.port, { $0.allowPrivate = ["127.0.0.2/32"] }, resolver: resolver)
            #expect(await network.refusal("http://rebind.test:\(origin.port)/")?.code == .urlNotAllowed)
            #expect(origin.connections == 1)
        }
    }

    @Test("hosts that are not listed, and http where only https is, are refused before any name is looked up")
    func lists() async throws {
        let resolver = ScriptedResolver { _, _ in ["127.0.0.1"] }
        func code(_ url: String) async throws -> String? {
            let network = openNetwork(
                80,
                { configuration in
                    (configuration.hosts, configuration.httpHosts) = (["data.test", "*.cdn.test"], ["data.test"])
                    configuration.ports = [443]
                }, resolver: resolver)
            return await network.refusal(url)?.message
        }
        #expect(try await code("https://other.test/")?.contains("test.hosts") == true)
        #expect(try await code("https://cdn.test/")?.contains("test.hosts") == true)
        #expect(try await code("https://datа.test/")?.contains("plain ASCII") == true)
        #expect(try await code("https://xcdn.test/")?.contains("test.hosts") == true)
        #expect(try await code("http://a.cdn.test/")?.contains("test.http_hosts") == true)
        #expect(try await code("http://data.test/")?.contains("test.ports") == true)
        #expect(resolver.count(of: "data.test") == 0)
    }

    private func ownAddresses() throws -> [IPAddress] {
        var list: UnsafeMutablePointer<ifaddrs>?
        try #require(getifaddrs(&list) == 0)
        defer { freeifaddrs(list) }
        return sequence(first: list) { $0?.pointee.ifa_next }.prefix { $0 != nil }.compactMap { interface in
            interface?.pointee.ifa_addr.flatMap { IPAddress($0) }
        }
    }
}
