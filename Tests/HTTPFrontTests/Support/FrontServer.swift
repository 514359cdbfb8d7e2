import Foundation
import LlamaStackAPI
import Logging
import RawHTTP
import ServiceLifecycle
import Synchronization

@testable import HTTPFront
@testable import Host

/// A whole server: a stack of scripted providers, one for each API, served on a free port of this machine.
struct FrontServer: Sendable {
    let port: Int
    /// What the scripted providers were asked.
    let received: ReceivedLog
    /// The access log.
    let log: FrontLog
    fileprivate let group: ServiceGroup

    /// What SIGTERM does.
    func shutDown() async { await group.triggerGracefulShutdown() }

    func connect(receiveBufferBytes: Int32? = nil) throws -> HTTPConnection {
        try HTTPConnection(port: port, receiveBufferBytes: receiveBufferBytes)
    }

    /// One request on a connection of its own.
    func ask(_ verb: String, _ target: String, _ body: String? = nil, headers: String = "") async throws -> Reply {
        try await raw { try connect().ask(verb, target, body, headers: headers) }
    }

    /// One chat request whose text is a script.
    func chat(_ script: String, stream: Bool = false) async throws -> Reply {
        try await ask("POST", "/inference/chat_completion", Chat.body(script, stream: stream))
    }

    /// What became of the call whose script had this name.
    func tally(_ name: String, until: String) async throws -> String {
        let reply = try await chat(#"{"tell": "\#(name)", "until": "\#(until)"}"#)
        return reply.json["content"]?.stringValue ?? reply.text
    }
}

/// Serves while `body` runs, then shuts down in an orderly way.
func withFront<Value: Sendable>(
    _ configure: (inout ServerSettings) -> Void = { _ in }, manifest: Manifest? = nil,
    _ body: @Sendable @escaping (FrontServer) async throws -> Value
) async throws -> Value {
    let received = ReceivedLog()
    let stack = try await Stack.start(
        try manifest ?? ScriptedStack.manifest(), environment: [:], log: received.sink)
    var settings = ServerSettings()
    settings.port = 0
    settings.limits.drainSeconds = 0.3
    configure(&settings)
    let log = FrontLog()
    let front = HTTPFront(stack: stack, settings: settings, logger: log.logger)
    let listening = Listening()
    let group = ServiceGroup(
        configuration: .init(
            services: [.init(service: FrontService(front: front, listening: listening))],
            logger: Logger(label: "tests", factory: { _ in SwiftLogNoOpLogHandler() })))
    let running = Task {
        do {
            try await group.run()
        } catch {
            listening.set(.failure(error))
            throw error
        }
    }
    let result: Result<Value, any Error>
    do {
        let server = FrontServer(port: try await listening.port(), received: received, log: log, group: group)
        result = .success(try await body(server))
    } catch {
        result = .failure(error)
    }
    await group.triggerGracefulShutdown()
    try await running.value
    await stack.shutdown(withinSeconds: 2)
    return try result.get()
}

/// Waits, a minute at most, until a condition holds.
/// - Returns: whether it is.
func eventually(_ isSo: () throws -> Bool) async throws -> Bool {
    let end = ContinuousClock.now + .seconds(60)
    while try !isSo() {
        if ContinuousClock.now > end { return false }
        try await Task.sleep(for: .milliseconds(5))
    }
    return true
}

private struct FrontService: Service {
    let front: HTTPFront
    let listening: Listening

    func run() async throws { try await front.run { listening.set(.success($0)) } }
}

/// The port, once there is one.
private final class Listening: Sendable {
    private let stream = AsyncStream.makeStream(of: Result<Int, any Error>.self)
    func set(_ port: Result<Int, any Error>) { stream.continuation.yield(port) }
    func port() async throws -> Int {
        for await port in stream.stream { return try port.get() }
        throw CancellationError()
    }
}

/// A distribution with one scripted provider for each API and a model for each that has some, under all the draft's
/// names and the one that samples have.
enum ScriptedStack {
    static let model = "scripted-model", shield = "llama_guard"
    /// What requests name is served under these ids.
    static let ids: [ResourceKind: String] = [.model: model, .shield: shield]

    static func manifest() throws -> Manifest {
        // Where the build leaves it: beside the tests.
        let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let library = URL(fileURLWithPath: tests).deletingLastPathComponent().path + "/libscripted-provider.so"
        let providers = API.allCases.map { api in
            "  \(api.rawValue):\n    - {provider_id: scripted, provider_type: inline::scripted, library: \(library)}\n"
        }
        let yaml = """
            version: 1
            name: scripted
            providers:
            \(providers.joined())
            models:
              - {model_id: \(model), provider_id: scripted, api: inference, aliases: [llama3_8b, llama3_8b_chat, text]}
              - {model_id: \(model), provider_id: scripted, api: reward_scoring, aliases: [llama3_405b_reward, text]}
            shields: [{shield_id: \(shield)}]
            tool_groups: [{tool_group_id: all}]
            """
        return try Manifest.parse(Array(yaml.utf8), file: "scripted.yaml", directory: "/nowhere", environment: [:])
    }
}
