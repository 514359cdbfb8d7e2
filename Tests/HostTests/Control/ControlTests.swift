import Foundation
import LlamaStackAPI
import Testing

@testable import Host
@testable import Runtimes

/// What the operator's commands find in a running stack.
struct ControlTests {
    private static func stack(_ library: String, _ state: String) async throws -> Stack {
        let stack = try await Stack.start(
            try distribution(
                """
                version: 1
                name: test
                state: \(state)
                providers:
                  inference:
                    - {provider_id: probe, provider_type: inline::dying, library: \(library)}
                    - {provider_id: absent, provider_type: inline::probe, library: /nowhere.so, optional: true}
                models: [{model_id: tiny, provider_id: probe}]
                """))
        stack.serveControl()
        return stack
    }

    private static func ask(_ state: String, _ request: JSON) async throws -> JSON {
        try await OffPool.run { Result { try ControlClient.ask(stateAt: state, request) } }.get()
    }

    private static func chat(_ stack: Stack, _ body: String) throws -> Answer {
        let endpoint = try #require(Endpoints.find(.inference, "chat_completion"))
        var request = CallRequest(method: "chat_completion")
        request.body = Array(body.utf8)
        return try stack.call(endpoint, resourceName: "tiny", request: request)
    }

    @Test("ps shows every provider, one that did not start, and one whose function does not return")
    func processes() async throws {
        let state = FileManager.default.temporaryDirectory.path + "/ps-\(UUID().uuidString)"
        let library = try ProbeLibrary.build([], source: ProcessRuntimeTests.source)
        let stack = try await Self.stack(library, state)
        var answer = try await Self.ask(state, ["method": "ps"])
        #expect(answer["pid"] == .integer(Int64(getpid())))
        guard case .array(let rows)? = answer["providers"] else { throw CallError(.internal, "no providers") }
        #expect(rows.count == 2)
        #expect(
            rows[0] == [
                "api": "inference", "provider_id": "probe", "state": "running", "isolation": "inline", "pid": .null,
                "restarts": 0, "memory_bytes": .null, "open_calls": 0,
            ])
        #expect(rows[1]["state"] == "not_started")
        #expect(rows[1]["reason"]?.stringValue?.contains("/nowhere.so") == true)
        #expect(stack.unready.isEmpty)

        let blocked = try Self.chat(stack, #"{"do":"block"}"#)
        while stack.unready.isEmpty { try await Task.sleep(for: .milliseconds(20)) }
        answer = try await Self.ask(state, ["method": "ps"])
        guard case .array(let later)? = answer["providers"] else { throw CallError(.internal, "no providers") }
        #expect(later[0]["state"] == "stuck")
        #expect(later[0]["blocked_in"] == "invoke chat_completion")
        #expect(later[0]["since"]?.stringValue?.hasSuffix("Z") == true)
        #expect(later[0]["open_calls"] == 1)
        await stack.shutdown(withinSeconds: 0.2)
        #expect(!FileManager.default.fileExists(atPath: state + "/control.sock"))
        _ = blocked
    }

    @Test("what can't be done is told with its reason")
    func refusals() async throws {
        let state = FileManager.default.temporaryDirectory.path + "/control-\(UUID().uuidString)"
        let library = try ProbeLibrary.build([], source: ProcessRuntimeTests.source)
        let stack = try await Self.stack(library, state)
        let wanted: [(JSON, String, Int32)] = [
            (["method": "restart", "provider": "probe"], "inference/probe: it runs inside the server's process", 69),
            (["method": "restart", "provider": "prob"], "there is no provider 'prob' (did you mean 'probe'?)", 66),
            (["method": "restart"], "'provider' must name one", 65),
            (["method": "dance"], "this server has no command 'dance'", 66),
        ]
        for (request, message, code) in wanted {
            let failure = await #expect(throws: ControlClient.Failure.self) { _ = try await Self.ask(state, request) }
            #expect(failure?.message.hasPrefix(message) == true, "\(failure?.message ?? "")")
            #expect(failure?.exitCode == code, "\(request)")
        }
        await stack.shutdown(withinSeconds: 5)
    }

    @Test("the state folder is found in a file that has mistakes and refers to what is not set")
    func stateOfBrokenFile() throws {
        let folder = FileManager.default.temporaryDirectory.path + "/state-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let file = folder + "/dist.yaml"
        let yaml =
            "version: 7\nstate: ./kept\nproviders: {inference: [{provider_id: x, config: {key: \"${env.UNSET_KEY}\"}}]}\n"
        try Data(yaml.utf8).write(to: URL(fileURLWithPath: file))
        #expect(try Manifest.statePath(path: file, environment: [:]) == folder + "/kept")
        try Data("version: 1\n".utf8).write(to: URL(fileURLWithPath: file))
        #expect(try Manifest.statePath(path: file, environment: [:]) == nil)
        #expect(throws: StartFailure.self) { try Manifest.statePath(path: folder + "/none", environment: [:]) }
    }
}
