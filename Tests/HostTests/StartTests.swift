import Foundation
import LlamaStackAPI
import Testing

@testable import Host

/// What a start says when it can't be.
struct StartTests {
    private func start(_ yaml: String, environment: [String: String] = [:], log: LogRecord = LogRecord()) async throws
        -> Stack
    {
        try await Stack.start(try distribution(yaml, environment: environment), environment: [:], log: log.sink)
    }

    private func lines(_ yaml: String, environment: [String: String] = [:]) async throws -> [String] {
        let failure = await failure { _ = try await self.start(yaml, environment: environment) }
        return try #require(failure).diagnostics.map(\.description)
    }

    @Test("every mistake of a config is shown at its place")
    func configMistakes() async throws {
        let lines = try await lines(
            """
            version: 1
            providers:
              inference:
                - provider_id: probe
                  provider_type: inline::probe
                  library: \(try ProbeLibrary.build())
                  config:
                    evnts: 4
                    events: 100001
                    mode: plein
                    limits: {}
                    api_key: 5
            """)
        #expect(
            lines == [
                "test.yaml:8:9: error: config of inference/probe: unknown key 'evnts' (did you mean 'events'?)",
                "test.yaml:9:17: error: config of inference/probe: 'events' must be at most 100000, got '100001'",
                "test.yaml:10:15: error: config of inference/probe: 'mode' must be one of 'plain', 'loud' (did you mean 'plain'?), got 'plein'",
                "test.yaml:11:17: error: config of inference/probe: 'limits' has no 'depth', which is required",
                "test.yaml:12:18: error: config of inference/probe: 'api_key' must be a string, got a number",
            ])
    }

    @Test("no library is opened for a distribution with a mistake in it")
    func nothingOpened() async throws {
        let trace = ProbeLibrary.folder + "/canary"
        setenv("LLAMA_STACK_CANARY", trace, 1)
        let library = try ProbeLibrary.build("CANARY")
        let yaml = """
            version: 1
            providers:
              inference: [{provider_id: probe, provider_type: inline::probe, library: \(library)}]
            """
        #expect(await failure { _ = try await self.start(yaml + "\nnonsense: 1") }?.exitCode == 78)
        #expect(!FileManager.default.fileExists(atPath: trace))
        // And the trace would be there.
        await (try await start(yaml)).shutdown(withinSeconds: 2)
        #expect(FileManager.default.fileExists(atPath: trace))
    }

    @Test("what create complains of is shown at its place, without the secret")
    func createComplains() async throws {
        let lines = try await lines(
            """
            version: 1
            providers:
              inference:
                - provider_id: probe
                  provider_type: inline::probe
                  library: \(try ProbeLibrary.build())
                  config: {refuse: "${env.PASS}"}
            """, environment: ["PASS": "hunter22"])
        #expect(lines == ["test.yaml:7:24: error: config of inference/probe: 'refuse' must not be '***'"])
    }

    @Test("a model that its provider refuses is shown at its line")
    func modelRefused() async throws {
        let file = ProbeLibrary.folder + "/missing.gguf"
        try Data().write(to: URL(fileURLWithPath: file))
        let failure = await failure {
            _ = try await self.start(
                """
                version: 1
                providers:
                  inference:
                    - {provider_id: probe, provider_type: inline::probe, library: \(try ProbeLibrary.build())}
                models:
                  - {model_id: good}
                  - {model_id: bad, path: \(file)}
                """)
        }
        #expect(
            failure?.diagnostics.map(\.description)
                == ["test.yaml:7:16: error: inference/probe can't serve model 'bad': there is no such file"])
        #expect(failure?.exitCode == 66)
    }

    @Test("providers that need each other are shown as a cycle")
    func cycle() async throws {
        let a = try ProbeLibrary.build("PROVIDER_NEEDS=\"[\\\"memory_banks\\\"]\"")
        let b = try ProbeLibrary.build("PROVIDER_API=\"memory_banks\"", "PROVIDER_NEEDS=\"[\\\"inference\\\"]\"")
        let lines = try await lines(
            """
            version: 1
            providers:
              inference: [{provider_id: a, provider_type: inline::probe, library: \(a)}]
              memory_banks: [{provider_id: b, provider_type: inline::probe, library: \(b)}]
            """)
        #expect(
            lines == ["test.yaml:3:15: error: providers need each other: inference/a → memory_banks/b → inference/a"])
    }

    @Test("an optional provider that needs itself is left out, and the others start")
    func optionalCycle() async throws {
        let sound = try ProbeLibrary.build()
        let needy = try ProbeLibrary.build("PROVIDER_TYPE=\"inline::needy\"", "PROVIDER_NEEDS=\"[\\\"inference\\\"]\"")
        let stack = try await Stack.start(
            distribution(
                """
                version: 1
                providers:
                  inference:
                    - {provider_id: a, provider_type: inline::probe, library: \(sound)}
                    - {provider_id: b, provider_type: inline::needy, library: \(needy), optional: true}
                """))
        #expect(stack.summary.providers.map(\.providerID) == ["a"])
        #expect(stack.summary.failed.map(\.name) == ["inference/b"])
        #expect(stack.summary.failed.first?.reason.hasPrefix("providers need each other: inference/b") == true)
        await stack.shutdown(withinSeconds: 5)
    }

    @Test("a provider that does not take a resource within the limit is refused at the resource's line")
    func registerLimit() async throws {
        let library = try ProbeLibrary.build("BREAK_NEVER_FINISH")
        let lines = try await lines(
            """
            version: 1
            server: {limits: {create_seconds_max: 1}}
            providers:
              inference: [{provider_id: a, provider_type: inline::probe, library: \(library)}]
            models:
              - {model_id: m, provider_id: a}
            """)
        #expect(
            lines == ["test.yaml:6:16: error: inference/a can't serve model 'm': the call did not end by its deadline"])
    }

    @Test("a provider that needs an API which nothing serves is refused")
    func missingNeed() async throws {
        let library = try ProbeLibrary.build("PROVIDER_NEEDS=\"[\\\"memory_banks\\\"]\"")
        let lines = try await lines(
            """
            version: 1
            providers:
              inference: [{provider_id: a, provider_type: inline::probe, library: \(library)}]
            """)
        #expect(
            lines == [
                "test.yaml:3:15: error: inference/a needs the API 'memory_banks', which no provider of this distribution serves\n"
                    + "  hint: add a provider under 'providers: memory_banks:'"
            ])
    }

    @Test("those that others need start first, else the file's order holds")
    func order() throws {
        #expect(try StartOrder.sorted([[2], [], [1]]) == [1, 2, 0])
        #expect(try StartOrder.sorted([[], [], []]) == [0, 1, 2])
    }

    @Test("an optional provider that fails is left out, and its API answers 503")
    func optional() async throws {
        let log = LogRecord()
        let stack = try await start(
            """
            version: 1
            providers:
              inference: [{provider_id: a, provider_type: inline::nowhere, optional: true}]
            """, log: log)
        #expect(stack.summary.failed.map(\.name) == ["inference/a"])
        let endpoint = try #require(Endpoints.find(.inference, "chat_completion"))
        let error = #expect(throws: CallError.self) {
            _ = try stack.call(endpoint, request: CallRequest(method: "chat_completion"))
        }
        #expect(error?.code == .providerUnavailable)
        await stack.shutdown(withinSeconds: 1)
    }

    @Test("a state folder serves one host at a time")
    func stateInUse() async throws {
        let path = ProbeLibrary.folder + "/state-\(UInt32.random(in: 0...UInt32.max))"
        let yaml = """
            version: 1
            state: \(path)
            providers:
              inference: [{provider_id: a, provider_type: inline::probe, library: \(try ProbeLibrary.build())}]
            """
        let first = try await start(yaml)
        let second = await failure { _ = try await self.start(yaml) }
        #expect(second?.exitCode == 75)
        #expect(second?.description.contains("in use by another llama-stack (process \(getpid()))") == true)
        let attributes = try FileManager.default.attributesOfItem(atPath: path + "/inference/a")
        #expect(attributes[.posixPermissions] as? Int == 0o700)
        await first.shutdown(withinSeconds: 2)
    }

    @Test("a state folder that others may write to is refused, and left as it is")
    func sharedState() async throws {
        let path = ProbeLibrary.folder + "/shared-\(UInt32.random(in: 0...UInt32.max))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        #expect(chmod(path, 0o777) == 0)
        let failure = await failure { _ = try await self.start("version: 1\nstate: \(path)") }
        #expect(failure?.exitCode == 77)
        #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o777)
    }

    @Test("a distribution of nothing starts, and serves nothing")
    func nothing() async throws {
        let stack = try await start("version: 1")
        #expect(stack.summary.apis == [])
        await stack.shutdown(withinSeconds: 1)
    }
}
