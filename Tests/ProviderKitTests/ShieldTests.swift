import Foundation
import ProviderKit
import Testing

// [quoted]
struct LengthGuard: ShieldsProvider {
    static let providerType = "inline::length"
    static let version = "1.0.0"
    static let summary = "Objects to long messages."

    let shields = Registered<LengthShield>()

    init(configuration: NoConfiguration, context: ProviderContext) {}
}

/// One shield of a distribution: `config: {bytes_max: 4000}`. The `params` of a request may lower it.
struct LengthShield: Shield {
    struct Limit: WireRecord, Hashable {
        var bytesMax: Int?
        static let object = Object("Limit", isComponent: false, Self.init, Field("bytes_max", \.bytesMax))
    }

    private let limit: Int
    var description: String { "Objects to messages of more than \(limit) bytes." }

    init(configuration: Limit) { limit = configuration.bytesMax ?? 4000 }

    func judge(_ messages: [Message], _ params: Limit, _ call: Call) async throws -> RunShieldResponse {
        let most = min(limit, params.bytesMax ?? limit)
        guard let longest = messages.flatMap(\.content.texts).map(\.utf8.count).max(), longest > most else {
            return RunShieldResponse()
        }
        return RunShieldResponse(
            violation: SafetyViolation(violationType: "length", details: "\(longest) bytes, at most \(most)"))
    }
}
// [end of quoted]

struct ShieldTests {
    private static func provider() async throws -> LengthGuard {
        let provider = LengthGuard(configuration: NoConfiguration(), context: ProviderContext(providerID: "length"))
        try await provider.register(Resource(kind: "shield", id: "short", config: ["bytes_max": 10]))
        try await provider.register(Resource(kind: "shield", id: "long"))
        return provider
    }

    private static func run(
        _ provider: LengthGuard, _ shield: String, _ text: Content, params: JSONObject = [:]
    ) async throws -> SafetyViolation? {
        let request = RunShieldRequest(
            shield: ShieldConfig(shieldType: ShieldType(rawValue: shield), params: params),
            messages: [Message(role: .user, content: text)])
        return try await provider.runShield(request, Call(resource: shield)).violation
    }

    @Test func `each shield of a distribution judges by its own config and a request's params`() async throws {
        let provider = try await Self.provider()
        #expect(
            try await provider.list(Call()).map(\.description) == [
                "Objects to messages of more than 10 bytes.", "Objects to messages of more than 4000 bytes.",
            ])
        #expect(LengthGuard.resources == [.shield])
        let text: Content = "eleven long"
        #expect(try await Self.run(provider, "short", text)?.details == "11 bytes, at most 10")
        #expect(try await Self.run(provider, "long", text) == nil)
        let params: JSONObject = ["bytes_max": 2, "on_violation": "warn"]
        #expect(try await Self.run(provider, "long", text, params: params)?.details == "11 bytes, at most 2")
    }

    @Test(
        arguments: [
            (["bytes_maks": 1], "params.bytes_maks"), (["bytes_max": "many"], "params.bytes_max"),
            (["on_violation": "sometimes"], "params.on_violation"),
        ] as [(JSONObject, String)])
    func `params that do not fit are refused by their field`(_ params: JSONObject, _ field: String) async throws {
        let provider = try await Self.provider()
        let error = await #expect(throws: WireError.self) {
            try await Self.run(provider, "long", "text", params: params)
        }
        #expect(error?.field == field)
    }

    @Test func `a shield that is not registered, or no longer, is not found`() async throws {
        let provider = try await Self.provider()
        try await provider.unregister(Resource(kind: "shield", id: "short"))
        for id in ["short", "other"] {
            let error = await #expect(throws: ProviderError.self) { try await Self.run(provider, id, "text") }
            #expect(error?.code == .notFound)
            #expect(error?.field == "shield_type")
        }
        let refusal = await #expect(throws: ProviderError.self) {
            try await provider.register(Resource(kind: "model", id: "m"))
        }
        #expect(refusal?.code == .notImplemented)
    }

    @Test func `the page about shields quotes the example as it is`() throws {
        let code = try String(contentsOfFile: #filePath, encoding: .utf8)
        let begin = try #require(code.range(of: "// [quoted]\n")).upperBound
        let end = try #require(code.range(of: "// [end of quoted]")).lowerBound
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/../.."
        let page = try String(contentsOfFile: root + "/Documentation/ToolsAndShields.md", encoding: .utf8)
        #expect(page.contains("```swift\n\(code[begin..<end])```"), "copy what is between the marks into the page")
    }
}
