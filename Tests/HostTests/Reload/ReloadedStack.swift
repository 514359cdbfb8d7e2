import Foundation
import LlamaStackAPI
import Testing

@testable import Host

/// A stack that runs a file, which a test writes again. Its providers are those of `Tests/Fixtures/reloaded-provider`.
struct ReloadedStack {
    let stack: Stack
    let folder: String
    let log: LogRecord

    private static func file(in folder: String) -> String { folder + "/dist.yaml" }

    static func newFolder() throws -> String {
        let folder = FileManager.default.temporaryDirectory.path + "/reload-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        return folder
    }

    /// - Parameter build: another one is another file with other code.
    static func library(build: Int = 1) throws -> String {
        try ProbeLibrary.build(
            ["BUILD=\(build)"], source: ProbeLibrary.root + "/Tests/Fixtures/reloaded-provider/provider.c",
            more: ["-fvisibility=hidden"])
    }

    /// - Parameter providers: YAML below `providers:`.
    static func start(
        _ providers: String, more: String = "", drainSeconds: Double = 10, folder: String? = nil
    ) async throws -> ReloadedStack {
        let folder = try folder ?? newFolder(), file = file(in: folder), log = LogRecord()
        let source: Stack.Source = {
            Result { () throws(StartFailure) in try Manifest.load(path: file, environment: [:]) }
        }
        try write(providers, more, drainSeconds, folder)
        let stack = try await Stack.start(try source().get(), environment: [:], log: log.sink, source: source)
        return ReloadedStack(stack: stack, folder: folder, log: log)
    }

    private static func write(_ providers: String, _ more: String, _ drainSeconds: Double, _ folder: String) throws {
        let yaml = """
            version: 1
            state: ./state
            server: {limits: {drain_seconds: \(drainSeconds)}}
            providers:
            \(providers)
            \(more)

            """
        try Data(yaml.utf8).write(to: URL(fileURLWithPath: file(in: folder)))
    }

    /// Writes the file anew and has it read.
    func reload(_ providers: String, more: String = "", drainSeconds: Double = 10) async throws -> ReloadReport {
        try Self.write(providers, more, drainSeconds, folder)
        return try await stack.reload()
    }

    /// An entry of inference.
    static func entry(_ id: String, _ config: String = "{}", more: String = "", library: String? = nil) throws -> String
    {
        let library = try library ?? Self.library()
        return
            "    - {provider_id: \(id), provider_type: inline::reloaded, library: \(library), config: \(config)\(more)}\n"
    }

    /// The file that a provider with this `slow` in its config waits for in create.
    var gate: String { folder + "/gate" }

    func openGate() throws { try Data().write(to: URL(fileURLWithPath: gate)) }

    static func inference(_ entries: String...) -> String { "  inference:\n" + entries.joined() }

    // MARK: calls

    func start(_ model: String, _ body: String = "{}") throws -> Answer {
        let endpoint = try #require(Endpoints.find(.inference, "chat_completion"))
        var request = CallRequest(method: "chat_completion")
        request.body = Array(body.utf8)
        return try stack.call(endpoint, resourceName: model, request: request)
    }

    func ask(_ model: String) async throws -> JSON { try JSON(parsing: try await start(model).collect()) }

    /// What "say" of the config of the model's provider is.
    func say(_ model: String) async throws -> String? { try await ask(model)["say"]?.stringValue }

    /// The error that a call ends with.
    func error(_ model: String, _ body: String = "{}") async -> CallError? {
        await #expect(throws: CallError.self) { _ = try await start(model, body).collect() }
    }

    func state(_ label: String) -> ChannelStatus.State? {
        stack.providers.first { $0.label == label }?.channel.state
    }

    func untilState(_ label: String, _ wanted: ChannelStatus.State) async throws {
        for _ in 0..<6000 {
            if state(label) == wanted { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        Issue.record("\(label) did not come to be \(wanted)")
    }

    func end() async { await stack.shutdown(withinSeconds: 5) }
}

extension ReloadReport {
    var words: [String] { lines.map(\.description) }
}
