import Foundation
import LlamaStackAPI
import Testing

@testable import Host

/// Which provider serves what a distribution lists, and what providers are told.
struct ListedResourceTests {
    private func failure(_ yaml: String) async throws -> [String] {
        let failure = await HostTests.failure {
            await (try await Stack.start(try distribution(yaml), environment: [:])).shutdown()
        }
        return try #require(failure).diagnostics.map(\.description)
    }

    private func resource(_ stack: Stack, _ api: API, _ method: String, _ name: String) throws -> String {
        let endpoint = try #require(Endpoints.find(api, method))
        return try stack.currentTable.destination(of: endpoint, name: name).resource
    }

    @Test("a reward model's provider may take no models: its id and aliases lead to it all the same")
    func rewardModel() async throws {
        let stack = try await EveryAPI.start(
            [.inference, .rewardScoring],
            more: "models: [{model_id: judge, api: reward_scoring, provider_id: c, aliases: [llama3_405b_reward]}]")
        #expect(try resource(stack, .rewardScoring, "score", "llama3_405b_reward") == "judge")
        #expect(try await stack.call(.rewardScoring, "score", named: "judge").count == 1)
        let error = await #expect(throws: CallError.self) {
            _ = try await stack.call(.rewardScoring, "score", named: "judg")
        }
        #expect(
            error
                == CallError(
                    .modelNotFound,
                    "there is no model 'judg' (did you mean 'judge'?); there are judge, llama3_405b_reward",
                    field: "model"))
        await stack.shutdown()
    }

    @Test("where no reward model is listed, the only provider gets every name")
    func anyRewardModel() async throws {
        let stack = try await EveryAPI.start([.inference, .rewardScoring])
        #expect(try resource(stack, .rewardScoring, "score", "whatever") == "whatever")
        // And of inference, where names are the file's, none.
        let error = await #expect(throws: CallError.self) {
            _ = try await stack.call(.inference, "completion", named: "whatever")
        }
        #expect(error?.code == .modelNotFound)
        await stack.shutdown()
    }

    @Test("of two reward providers without a listed model neither gets a name")
    func twoRewardProviders() async throws {
        let library = try EveryAPI.library()
        let yaml = """
            version: 1
            providers:
              reward_scoring:
                - {provider_id: a, provider_type: inline::every, library: \(library)}
                - {provider_id: b, provider_type: inline::every, library: \(library)}
            """
        let stack = try await Stack.start(try distribution(yaml), environment: [:])
        let error = await #expect(throws: CallError.self) {
            _ = try await stack.call(.rewardScoring, "score", named: "whatever")
        }
        #expect(error?.code == .modelNotFound)
        await stack.shutdown()
    }

    @Test("what a reward provider would have to take to heed it is refused, not dropped")
    func rewardModelWithFiles() async throws {
        let lines = try await failure(
            """
            version: 1
            providers:
            \(EveryAPI.providers([.rewardScoring], library: try EveryAPI.library()))
            models: [{model_id: judge, path: /etc}]
            """)
        #expect(
            lines == [
                "test.yaml:5:21: error: reward_scoring/c can't serve model 'judge': this provider takes no models"
            ])
    }

    @Test("one id may be a model of two APIs")
    func twoAPIs() async throws {
        let stack = try await EveryAPI.start(
            [.inference, .rewardScoring],
            more: """
                models:
                  - {model_id: m, api: inference, aliases: [small]}
                  - {model_id: m, api: reward_scoring, aliases: [big]}
                """)
        #expect(try resource(stack, .inference, "completion", "small") == "m")
        #expect(try resource(stack, .rewardScoring, "score", "big") == "m")
        #expect(throws: CallError.self) { try self.resource(stack, .inference, "completion", "big") }
        await stack.shutdown()
    }

    @Test("an entry's config reaches its provider, and what that finds wrong is shown at its place")
    func config() async throws {
        let providers = EveryAPI.providers([.inference], library: try EveryAPI.library())
        let log = LogRecord()
        let stack = try await Stack.start(
            try distribution(
                "version: 1\nproviders:\n\(providers)models: [{model_id: m, config: {good: [1, two]}}]"),
            environment: [:], log: log.sink)
        #expect(log.contains(#"register {"kind":"model","id":"m","config":{"good":[1,"two"]}}"#))
        await stack.shutdown()
        let lines = try await failure(
            """
            version: 1
            providers:
            \(providers)
            models:
              - model_id: m
                config:
                  bad: 1
            """)
        #expect(lines == ["test.yaml:8:7: error: config of model 'm': unknown key 'bad'"])
    }

    @Test("a kind that a provider does not take is refused at its line, without a call")
    func notTaken() async throws {
        let library = try EveryAPI.library(#"RESOURCES="[\"shield\"]""#)
        let lines = try await failure(
            """
            version: 1
            providers:
            \(EveryAPI.providers([.inference], library: library))
            models:
              - {model_id: m}
            """)
        #expect(
            lines == ["test.yaml:6:16: error: inference/c (inline::every) takes no models; it takes shields"])
    }

    @Test("an optional resource whose kind is not taken is left out")
    func optionalNotTaken() async throws {
        let stack = try await EveryAPI.start(
            [.inference, .rewardScoring], #"RESOURCES="[]""#,
            more: """
                models:
                  - {model_id: j, api: reward_scoring}
                  - {model_id: m, api: inference, optional: true, path: missing}
                """)
        #expect(stack.summary.resources(.model).map(\.id) == ["j"])
        #expect(stack.summary.failed.map(\.name) == ["m"])
        await stack.shutdown()
    }

    @Test("a provider that needs models is told of each, with its aliases and its provider, and is no API for that")
    func told() async throws {
        let log = LogRecord()
        let stack = try await EveryAPI.start(
            [.postTraining, .inference],
            more: "models: [{model_id: m, path: /etc, aliases: [small], config: {api_key: hunter22}}]",
            log: log)
        let lines = log.lines.filter { $0.message.hasPrefix("register") }.map { "\($0.source) \($0.message)" }
        #expect(
            lines == [
                #"inference/c register {"kind":"model","id":"m","path":"/etc","config":{"api_key":"hunter22"}}"#,
                #"post_training/c register {"kind":"model","id":"m","path":"/etc","#
                    + #""provider":"inference/c","aliases":["small"]}"#,
            ])
        #expect(try resource(stack, .inference, "completion", "small") == "m")
        let error = await #expect(throws: CallError.self) {
            _ = try await stack.ask(.postTraining, "pass", "models")
        }
        #expect(error?.message == "there is no API 'models'")
        await stack.shutdown()
    }
}

/// What providers make known, and take back.
struct AnnouncementTests {
    private static let model = #"{"kind":"model","id":"new","path":"/new"}"#

    private func state() -> String { ProbeLibrary.folder + "/state-\(UInt32.random(in: 0...UInt32.max))" }

    private func models(_ stack: Stack) -> [String] { stack.summary.resources(.model).map(\.id) }

    private func calls(_ log: LogRecord, _ source: String = "inference/c") -> [String] {
        log.lines.filter { $0.source == source && $0.message.contains("register {") }.map(\.message)
    }

    private func error(_ body: () async throws -> Void) async -> CallError? {
        do {
            try await body()
            return nil
        } catch {
            return error as? CallError
        }
    }

    @Test("an id that is announced again is registered again, and never unregistered in between")
    func again() async throws {
        let log = LogRecord()
        let stack = try await EveryAPI.start(log: log)
        for path in ["/1", "/2"] {
            _ = try await stack.ask(.postTraining, "announce", #"{"kind":"model","id":"new","path":"\#(path)"}"#)
        }
        #expect(
            calls(log) == [
                #"register {"kind":"model","id":"new","path":"/1"}"#,
                #"register {"kind":"model","id":"new","path":"/2"}"#,
            ])
        #expect(models(stack) == ["new"])
        await stack.shutdown()
    }

    @Test("a provider that calls an id taken is asked to unregister it first")
    func takenID() async throws {
        let log = LogRecord()
        let stack = try await EveryAPI.start(API.allCases, "REPLACES_NOT", log: log)
        for _ in 0..<2 { _ = try await stack.ask(.postTraining, "announce", Self.model) }
        let body = Self.model
        #expect(calls(log) == ["register \(body)", "register \(body)", "unregister \(body)", "register \(body)"])
        #expect(try await stack.call(.inference, "completion", named: "new").count == 1)
        await stack.shutdown()
    }

    @Test("a second announcement that fails leaves the first served")
    func failsAgain() async throws {
        let stack = try await EveryAPI.start()
        _ = try await stack.ask(.postTraining, "announce", Self.model)
        let error = await error {
            _ = try await stack.ask(.postTraining, "announce", #"{"kind":"model","id":"new","path":"/missing"}"#)
        }
        #expect(error?.message == "there is no such file")
        #expect(try await stack.call(.inference, "completion", named: "new").count == 1)
        await stack.shutdown()
    }

    @Test("a name of the distribution, or of another provider's announcement, can't be announced")
    func taken() async throws {
        let stack = try await EveryAPI.start(more: "models: [{model_id: m, api: inference, aliases: [small]}]")
        for id in ["m", "small"] {
            let error = await error {
                _ = try await stack.ask(.postTraining, "announce", #"{"kind":"model","id":"\#(id)"}"#)
            }
            #expect(error == CallError(.alreadyExists, "the distribution has a model '\(id)' already", field: "id"))
        }
        _ = try await stack.ask(.postTraining, "announce", Self.model)
        let error = await error { _ = try await stack.ask(.datasets, "announce", Self.model) }
        #expect(
            error == CallError(.alreadyExists, "post_training/c has announced the model 'new' already", field: "id"))
        await stack.shutdown()
    }

    @Test("a kind that nothing of this distribution serves, and one that is not known, can't be announced")
    func otherKinds() async throws {
        let stack = try await EveryAPI.start([.datasets])
        let shield = await error { _ = try await stack.ask(.datasets, "announce", #"{"kind":"shield","id":"s"}"#) }
        #expect(shield == CallError(.apiNotServed, "this distribution has no provider for 'safety'"))
        let other = await error { _ = try await stack.ask(.datasets, "announce", #"{"kind":"robot","id":"s"}"#) }
        #expect(
            other == CallError(.notImplemented, "resources of kind 'robot' can't be announced", field: "kind"))
        await stack.shutdown()
    }

    @Test("a model that no provider of its API takes can't be announced, and goes to no other API")
    func noTaker() async throws {
        let stack = try await EveryAPI.start(API.allCases, #"RESOURCES="[]""#)
        let error = await error { _ = try await stack.ask(.postTraining, "announce", Self.model) }
        #expect(error == CallError(.notImplemented, "no provider of 'inference' here takes models"))
        #expect(models(stack) == [])
        await stack.shutdown()
    }

    @Test("an announcement may say for which API it is")
    func api() async throws {
        let log = LogRecord()
        let stack = try await EveryAPI.start(log: log)
        let error = await error {
            _ = try await stack.ask(.postTraining, "announce", #"{"kind":"model","id":"j","api":"datasets"}"#)
        }
        #expect(
            error
                == CallError(
                    .invalidRequest, #"must be inference or reward_scoring, got '"datasets"'"#, field: "api"))
        _ = try await stack.ask(.postTraining, "announce", #"{"kind":"model","id":"j","api":"reward_scoring"}"#)
        #expect(stack.summary.resources.map(\.api) == [.rewardScoring])
        #expect(calls(log, "reward_scoring/c") == [#"register {"kind":"model","id":"j"}"#])
        await stack.shutdown()
    }

    @Test("what was withdrawn is unknown at once, and stays so after a restart")
    func withdrawn() async throws {
        let state = state(), log = LogRecord()
        let first = try await EveryAPI.start(state: state, log: log)
        _ = try await first.ask(.postTraining, "announce", Self.model)
        _ = try await first.ask(.postTraining, "withdraw", #"{"kind":"model","id":"new"}"#)
        #expect(calls(log) == ["register \(Self.model)", "unregister \(Self.model)"])
        let unknown = await error { _ = try await first.call(.inference, "completion", named: "new") }
        #expect(unknown?.code == .modelNotFound)
        await first.shutdown()
        let second = try await EveryAPI.start(state: state)
        #expect(models(second) == [])
        await second.shutdown()
    }

    @Test("only what a provider announced can it withdraw, also after a restart")
    func notOwn() async throws {
        let state = state()
        let listed = "models: [{model_id: m, api: inference}]"
        let first = try await EveryAPI.start(more: listed, state: state)
        _ = try await first.ask(.postTraining, "announce", Self.model)
        await first.shutdown()
        let second = try await EveryAPI.start(more: listed, state: state)
        #expect(models(second) == ["m", "new"])
        for (api, id) in [(API.datasets, "new"), (.postTraining, "m"), (.postTraining, "never")] {
            let error = await error {
                _ = try await second.ask(api, "withdraw", #"{"kind":"model","id":"\#(id)"}"#)
            }
            #expect(
                error == CallError(.notFound, "\(api.rawValue)/c has announced no model '\(id)'", field: "id"))
        }
        let robot = await error {
            _ = try await second.ask(.postTraining, "withdraw", #"{"kind":"robot","id":"new"}"#)
        }
        #expect(robot?.code == .notFound)
        _ = try await second.ask(.postTraining, "withdraw", #"{"kind":"model","id":"new"}"#)
        #expect(models(second) == ["m"])
        await second.shutdown()
    }

    @Test("a provider that needs models is told of announced ones and of those withdrawn")
    func told() async throws {
        let log = LogRecord()
        let stack = try await EveryAPI.start(log: log)
        _ = try await stack.ask(.datasets, "announce", Self.model)
        _ = try await stack.ask(.datasets, "withdraw", #"{"kind":"model","id":"new","api":"inference"}"#)
        let body = #"{"kind":"model","id":"new","path":"/new","provider":"inference/c"}"#
        #expect(calls(log, "post_training/c") == ["register \(body)", "unregister \(body)"])
        await stack.shutdown()
    }

    @Test("what is announced before all providers have started waits, and is then served")
    func early() async throws {
        let log = LogRecord()
        let stack = try await EveryAPI.start(
            API.allCases, "ANNOUNCES_IN_CREATE", more: "models: [{model_id: m, api: inference}]", log: log)
        while !log.contains("announced with") { try await Task.sleep(for: .milliseconds(2)) }
        #expect(log.contains("announced with 0"))
        #expect(models(stack) == ["m", "early"])
        #expect(
            calls(log) == [
                #"register {"kind":"model","id":"m"}"#, #"register {"kind":"model","id":"early","path":"/early"}"#,
            ])
        await stack.shutdown()
    }

    @Test("what waits when the start fails is refused")
    func earlyInVain() async throws {
        let log = LogRecord()
        let failure = await failure {
            _ = try await EveryAPI.start(
                API.allCases, "ANNOUNCES_IN_CREATE", more: "models: [{model_id: m, api: inference, config: {bad: 1}}]",
                log: log)
        }
        #expect(failure?.diagnostics.count == 1)
        while !log.contains("announced with") { try await Task.sleep(for: .milliseconds(2)) }
        #expect(log.contains(#"announced with 8 {"code":"shutting_down""#))
    }

    @Test("what a version kept that did not note the announcer belongs to the first that names it")
    func oldFile() async throws {
        let state = state()
        try FileManager.default.createDirectory(
            atPath: state, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        try Data("[\(Self.model)]".utf8).write(to: URL(fileURLWithPath: state + "/announced.json"))
        let stack = try await EveryAPI.start(state: state)
        #expect(models(stack) == ["new"])
        _ = try await stack.ask(.postTraining, "announce", Self.model)
        let error = await error { _ = try await stack.ask(.datasets, "withdraw", Self.model) }
        #expect(error?.code == .notFound)
        _ = try await stack.ask(.postTraining, "withdraw", Self.model)
        #expect(models(stack) == [])
        await stack.shutdown()
    }
}
