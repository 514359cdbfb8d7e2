import Host
import LlamaStackAPI
import Synchronization

/// Puts a provider library through what the contract asks of it, each provider that it holds by itself.
///
/// The code runs in this process: a provider that crashes takes the caller along. One that hangs does not; every wait
/// has a limit.
package struct ConformanceSuite: Sendable {
    package var library: String
    package var config: JSON
    /// What `register` is called with before the samples: {"kind": "model", "id", "path"?}. The first model is the one
    /// that samples name.
    package var resources: [JSON]
    /// How long create, destroy and each call may take.
    package var secondsMax: Double

    package init(library: String, config: JSON = .object([:]), resources: [JSON] = [], secondsMax: Double = 10) {
        (self.library, self.config, self.resources, self.secondsMax) = (library, config, resources, secondsMax)
    }

    /// Every result, in the order in which the checks ran.
    ///
    /// - Parameters:
    ///   - names: the checks to run; nil: all.
    ///   - report: hears of each result when it is known.
    package func run(
        only names: [String]? = nil, report: (CheckResult) -> Void = { _ in }
    ) async -> [CheckResult] {
        var results: [CheckResult] = []
        func add(_ result: CheckResult) {
            report(result)
            results.append(result)
        }
        let loaded: PluginLibrary
        do {
            loaded = try await Self.load(library)
        } catch {
            let what = (error as? PluginRefusal)?.description ?? "\(error)"
            add(CheckResult(provider: library, name: "can be loaded", outcome: .failed(what)))
            return results
        }
        for provider in loaded.providers {
            let descriptor = provider.descriptor
            let label = "\(descriptor.api) \(descriptor.type)"
            add(CheckResult(provider: label, name: "can be loaded", outcome: .passed))
            for check in Check.all where names?.contains(check.name) ?? true {
                let context = CheckContext(suite: self, provider: provider)
                let outcome: CheckResult.Outcome
                do throws(CheckFailure) {
                    outcome = try await check.body(context)
                } catch {
                    outcome = .failed(error.message)
                }
                add(CheckResult(provider: label, name: check.name, outcome: outcome))
            }
        }
        return results
    }

    private static func load(_ path: String) async throws -> PluginLibrary {
        try await Task.detached { try PluginLibrary.load(path) }.value
    }
}

/// What the contract asks, and what was seen instead.
struct CheckFailure: Error {
    var message: String
    init(_ message: String) { self.message = message }
}

/// One check: a sentence and how to find out.
package struct Check: Sendable {
    package var name: String
    var body: @Sendable (CheckContext) async throws(CheckFailure) -> CheckResult.Outcome

    init(_ name: String, _ body: @escaping @Sendable (CheckContext) async throws(CheckFailure) -> CheckResult.Outcome) {
        (self.name, self.body) = (name, body)
    }

    /// Of every check, in order.
    package static var names: [String] { all.map(\.name) }

    static let all = lifecycleChecks + callChecks + streamChecks
}

/// What a check works with.
struct CheckContext: Sendable {
    let suite: ConformanceSuite
    let provider: LoadedProvider
    let log = ContractLog()
    let folders = StateFolders()

    var descriptor: ProviderDescriptor { provider.descriptor }
    var seconds: Double { suite.secondsMax }

    var samples: SampleRequests {
        let model = suite.resources.lazy.filter { $0["kind"] == "model" }.compactMap { $0["id"]?.stringValue }.first
        return SampleRequests(descriptor: descriptor, model: model ?? "conformance")
    }

    /// An instance that is ready, with the suite's resources registered.
    func makeInstance() async throws(CheckFailure) -> InlineChannel {
        let channel: InlineChannel
        do throws(CreateFailure) {
            channel = try await InlineChannel.alone(
                provider, providerID: "conformance", config: suite.config, statePath: folders.make(), log: log.sink,
                withinSeconds: seconds)
        } catch {
            throw CheckFailure(
                "create with \(suite.config.text) answered status \(error.status) \(String(decoding: error.error, as: UTF8.self))"
            )
        }
        for (index, resource) in suite.resources.enumerated() {
            var request = CallRequest(callID: UInt64(1000 + index), method: "register")
            request.body = resource.bytes
            if let error = try await answer(to: request, on: channel).error {
                await channel.close(withinSeconds: seconds)
                throw CheckFailure("register \(resource.text) answered \(error)")
            }
        }
        return channel
    }

    func stop(_ channel: InlineChannel) async throws(CheckFailure) {
        guard await channel.close(withinSeconds: seconds) else {
            throw CheckFailure("destroy did not finish 'done' within \(seconds) s")
        }
    }

    /// Sends one request and waits for its end.
    func answer(to request: CallRequest, on channel: InlineChannel) async throws(CheckFailure) -> ProbeSink {
        let sink = ProbeSink()
        channel.invoke(request, into: sink)
        guard await sink.waitForEnd(seconds: seconds) else {
            channel.cancel(request.callID)
            throw CheckFailure("\(request.method) did not finish within \(seconds) s")
        }
        return sink
    }

    /// Makes an instance, does `body`, stops it whatever happens.
    func withInstance(
        _ body: (InlineChannel) async throws(CheckFailure) -> CheckResult.Outcome
    ) async throws(CheckFailure) -> CheckResult.Outcome {
        let channel = try await makeInstance()
        let outcome: CheckResult.Outcome
        do throws(CheckFailure) {
            outcome = try await body(channel)
        } catch {
            await channel.close(withinSeconds: min(2, seconds))
            throw error
        }
        await channel.close(withinSeconds: seconds)
        return outcome
    }
}

/// The log lines of one check that speak of broken rules.
final class ContractLog: Sendable {
    private let lines = Mutex<[String]>([])

    var sink: LogSink {
        LogSink { line in
            guard line.message.hasPrefix("broke the contract") else { return }
            self.lines.withLock { $0.append(line.message) }
        }
    }

    var violations: [String] { lines.withLock { $0 } }
}
