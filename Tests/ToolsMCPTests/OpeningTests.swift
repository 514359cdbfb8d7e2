import ProviderKit
import Synchronization
import Testing

@testable import ToolsMCP

/// How the era of a server is found out, by the requests that are sent for it.
struct OpeningTests {
    /// A server that answers each request with the next of a list.
    private final class ScriptedLink: Link {
        private let answers: Mutex<[Result<JSON, ServerFault>]>
        private let asked = Mutex<[String]>([])
        var methods: [String] { asked.withLock { $0 } }

        init(_ answers: [Result<JSON, ServerFault>]) { self.answers = Mutex(answers) }

        func send(_ request: ServerRequest) async throws -> JSON {
            asked.withLock { $0.append(request.method) }
            let answer = answers.withLock { $0.isEmpty ? nil : $0.removeFirst() }
            return try (answer ?? .failure(.gone("nothing is left"))).get()
        }

        func notify(_ method: String, _ params: JSONObject) async { asked.withLock { $0.append(method) } }
        func use(_ era: ProtocolEra?) {}
        var sessionID: String? { nil }
        func ended() async -> String { "" }
        func fail(_ sentence: String) {}
        func close() async {}
    }

    private static let modern: Result<JSON, ServerFault> = .success([
        "supportedVersions": ["2026-07-28"], "capabilities": [:],
    ])
    private static let legacy: Result<JSON, ServerFault> = .success([
        "protocolVersion": "2025-06-18", "capabilities": [:],
    ])
    private static let unsupported: Result<JSON, ServerFault> = .failure(
        .rpc(RPCError(code: RPCError.unsupportedVersion, message: "no", data: ["supported": ["2026-07-28"]])))
    private static let unknown: Result<JSON, ServerFault> = .failure(.rpc(RPCError(code: -32601, message: "no")))
    private static let session = ProtocolEra.legacy(version: "2025-06-18")

    private static let cases: [(ProtocolEra?, [Result<JSON, ServerFault>], [String], ProtocolEra)] = [
        (nil, [modern], ["server/discover"], .modern),
        (nil, [unknown, legacy], ["server/discover", "initialize", "notifications/initialized"], session),
        // A server that is known to be old is not probed.
        (session, [legacy], ["initialize", "notifications/initialized"], session),
        // One that has become modern says so, and is probed once more.
        (session, [unsupported, modern], ["initialize", "server/discover"], .modern),
        (nil, [unknown, unsupported, modern], ["server/discover", "initialize", "server/discover"], .modern),
    ]

    @Test(arguments: cases)
    func `a server is asked in the order that costs the least`(
        _ remembered: ProtocolEra?, _ answers: [Result<JSON, ServerFault>], _ methods: [String], _ era: ProtocolEra
    ) async throws {
        let link = ScriptedLink(answers)
        let opening = Opening(
            link: link, limit: ServerRequest.Limit(seconds: 1, key: "k"),
            network: ProviderContext(providerID: "test").network)
        #expect(try await opening.open(remembered).0 == era)
        #expect(link.methods == methods)
    }

    @Test func `a server that answers neither opening is given up`() async {
        let link = ScriptedLink([Self.unknown, Self.unsupported, Self.unknown])
        let opening = Opening(
            link: link, limit: ServerRequest.Limit(seconds: 1, key: "k"),
            network: ProviderContext(providerID: "test").network)
        await #expect(throws: ServerFault.self) { _ = try await opening.open(nil) }
        #expect(link.methods == ["server/discover", "initialize", "server/discover"])
    }
}
