import Foundation
import LlamaStackAPI
import Testing

@testable import Host

/// A running stack whose file is read again.
struct ReloadTests {
    typealias Running = ReloadedStack

    static let models = "models: [{model_id: a, provider_id: a}, {model_id: b, provider_id: b}]"

    static func two(_ a: String, _ b: String) throws -> String {
        Running.inference(try Running.entry("a", "{say: \(a)}"), try Running.entry("b", "{say: \(b)}"))
    }

    // MARK: providers

    @Test("a file that says the same changes nothing")
    func same() async throws {
        let running = try await Running.start(try Self.two("one", "two"), more: Self.models)
        let report = try await running.reload(try Self.two("one", "two"), more: Self.models)
        #expect(report.words == ["inference/a: kept", "inference/b: kept"])
        #expect(report.exitCode == 0 && report.diagnostics.isEmpty)
        #expect(running.stack.providers.allSatisfy { $0.channel.restarts == 0 })
        #expect(running.log.contains("dist.yaml was reloaded: 2 kept"))
        await running.end()
    }

    @Test("an entry that changed is created again, and a stream of another provider loses nothing")
    func changed() async throws {
        let running = try await Running.start(try Self.two("one", "two"), more: Self.models)
        let stream = try running.start("b", #"{"do":"stream"}"#)
        let report = try await running.reload(try Self.two("three", "two"), more: Self.models)
        #expect(report.words == ["inference/a: created again (config changed)", "inference/b: kept"])
        #expect(try await running.say("a") == "three")
        var count = 0
        for try await part in stream {
            #expect(String(decoding: part.bytes, as: UTF8.self) == #"{"say":"two","n":\#(count)}"#)
            count += 1
        }
        #expect(count == 100)
        await running.end()
    }

    @Test("a stream of the entry that changed comes to its end before the instance does")
    func drains() async throws {
        let running = try await Running.start(try Self.two("one", "two"), more: Self.models, drainSeconds: 60)
        let stream = try running.start("a", #"{"do":"stream"}"#)
        let report = try await running.reload(try Self.two("three", "two"), more: Self.models, drainSeconds: 60)
        #expect(report.exitCode == 0)
        #expect(String(decoding: try await stream.collect(), as: UTF8.self).hasSuffix(#"{"say":"one","n":99}"#))
        #expect(try await running.say("a") == "three")
        await running.end()
    }

    @Test("a stream that outlasts the drain is cancelled, as at a shutdown")
    func cutsStreams() async throws {
        let running = try await Running.start(try Self.two("one", "two"), more: Self.models, drainSeconds: 0.1)
        let stream = try running.start("a", #"{"do":"long stream"}"#)
        let report = try await running.reload(try Self.two("three", "two"), more: Self.models, drainSeconds: 0.1)
        #expect(report.exitCode == 0)
        let error = await #expect(throws: CallError.self) { _ = try await stream.collect() }
        #expect(
            error
                == CallError(
                    .providerUnavailable, "inference/a was stopped before the call had ended", retryAfterSeconds: 1))
        #expect(try await running.say("a") == "three")
        await running.end()
    }

    @Test("calls to an instance that is created again wait for it")
    func callsWait() async throws {
        let running = try await Running.start(try Self.two("one", "two"), more: Self.models, drainSeconds: 60)
        let slow = Running.inference(
            try Running.entry("a", "{say: three, slow: \"\(running.gate)\"}"), try Running.entry("b", "{say: two}"))
        async let reload = running.reload(slow, more: Self.models, drainSeconds: 60)
        try await running.untilState("inference/a", .restarting)
        let answer = try running.start("a")
        try running.openGate()
        let said = try JSON(parsing: try await answer.collect())["say"]
        #expect(said == "three")
        #expect(try await reload.exitCode == 0)
        await running.end()
    }

    @Test("a call waits no longer than drain_seconds, and is told when to try again")
    func waitsNoLonger() async throws {
        let running = try await Running.start(try Self.two("one", "two"), more: Self.models, drainSeconds: 0.1)
        let slow = Running.inference(
            try Running.entry("a", "{say: three, slow: \"\(running.gate)\"}"), try Running.entry("b", "{say: two}"))
        async let reload = running.reload(slow, more: Self.models, drainSeconds: 0.1)
        try await running.untilState("inference/a", .restarting)
        #expect(
            await running.error("a")
                == CallError(
                    .providerUnavailable, "the provider inference/a is being created again after a change of its entry",
                    retryAfterSeconds: 1))
        try running.openGate()
        #expect(try await reload.exitCode == 0)
        #expect(try await running.say("a") == "three")
        await running.end()
    }

    @Test("no call fails while its provider is created again and again")
    func stress() async throws {
        let running = try await Running.start(try Self.two("one", "two"), more: Self.models, drainSeconds: 60)
        let isOver = Once<Void>()
        let callers = (0..<8).map { _ in
            Task {
                var count = 0
                while isOver.current == nil {
                    guard try await running.say("a")?.isEmpty == false else { throw CallError(.internal, "no answer") }
                    count += 1
                }
                return count
            }
        }
        for round in 0..<20 {
            let report = try await running.reload(try Self.two("r\(round)", "two"), more: Self.models, drainSeconds: 60)
            #expect(report.words.first == "inference/a: created again (config changed)")
        }
        isOver.fire()
        for caller in callers { #expect(try await caller.value > 0) }
        #expect(try await running.say("a") == "r19")
        await running.end()
    }

    @Test("calls of another provider by name wait too, and reach the new instance")
    func callsBetweenProviders() async throws {
        let asking = try AskingProviderTests.asking(), echo = try AskingProviderTests.answering()
        func file(_ delay: Int) -> String {
            """
              synthetic_data_generation:
                - {provider_id: asking, provider_type: inline::asking-c, library: \(asking), config: {model: polly}}
              inference:
                - {provider_id: echo, provider_type: inline::echo-c, library: \(echo), config: {delay_milliseconds: \(delay)}}
            """
        }
        let models = "models: [{model_id: polly}]"
        let running = try await Running.start(file(1), more: models, drainSeconds: 60)
        let isOver = Once<Void>()
        let callers = (0..<4).map { _ in
            Task {
                let body: JSON = ["prompts": [["role": "user", "content": "c"]]]
                var count = 0
                while isOver.current == nil {
                    count += try await running.stack.call(.syntheticDataGeneration, "generate", body: body).count
                }
                return count
            }
        }
        for delay in 2..<12 {
            let report = try await running.reload(file(delay), more: models, drainSeconds: 60)
            #expect(
                report.words == [
                    "inference/echo: created again (config changed)", "synthetic_data_generation/asking: kept",
                ])
        }
        isOver.fire()
        for caller in callers { #expect(try await caller.value > 0) }
        await running.end()
    }

    @Test("a call that waits can be cancelled")
    func cancelsWaiting() async throws {
        let running = try await Running.start(try Self.two("one", "two"), more: Self.models, drainSeconds: 60)
        let slow = Running.inference(
            try Running.entry("a", "{say: three, slow: \"\(running.gate)\"}"), try Running.entry("b", "{say: two}"))
        async let reload = running.reload(slow, more: Self.models, drainSeconds: 60)
        try await running.untilState("inference/a", .restarting)
        let answer = try running.start("a")
        answer.cancel()
        await #expect(throws: CallError.self) { _ = try await answer.collect() }
        #expect(running.state("inference/a") == .restarting)
        try running.openGate()
        #expect(try await reload.exitCode == 0)
        await running.end()
    }

    @Test("what is new is started and what went is stopped")
    func newAndGone() async throws {
        let old = Running.inference(try Running.entry("a", "{say: one}"))
        let running = try await Running.start(old, more: "models: [{model_id: a}]")
        let new = Running.inference(try Running.entry("b", "{say: two}"))
        let report = try await running.reload(new, more: "models: [{model_id: b}]")
        #expect(report.words == ["inference/b: started", "model 'b': registered", "inference/a: stopped"])
        #expect(try await running.say("b") == "two")
        #expect(throws: CallError.self) { _ = try running.start("a") }
        #expect(running.stack.summary.resources.map(\.id) == ["b"])
        #expect(running.stack.providers.map(\.label) == ["inference/b"])
        await running.end()
    }

    @Test("a model that another provider serves now answers from there")
    func moved() async throws {
        let providers = try Self.two("one", "two")
        let running = try await Running.start(providers, more: "models: [{model_id: m, provider_id: a}]")
        #expect(try await running.say("m") == "one")
        let report = try await running.reload(providers, more: "models: [{model_id: m, provider_id: b}]")
        #expect(report.words == ["inference/a: kept", "inference/b: kept", "model 'm': registered"])
        #expect(try await running.say("m") == "two")
        await running.end()
    }

    // MARK: resources

    @Test("resources of a provider that stays come, change and go")
    func resources() async throws {
        let provider = Running.inference(try Running.entry("a", "{say: one}"))
        let running = try await Running.start(
            provider, more: "models: [{model_id: a}, {model_id: gone}, {model_id: c, aliases: [old]}]")
        let report = try await running.reload(
            provider, more: "models: [{model_id: c, aliases: [other]}, {model_id: new}, {model_id: a, config: {x: 1}}]")
        #expect(
            report.words == [
                "inference/a: kept", "model 'gone': removed", "model 'c': registered again (aliases changed)",
                "model 'new': registered", "model 'a': registered again",
            ])
        #expect(running.stack.summary.resources.map(\.id) == ["c", "new", "a"])
        _ = try running.start("other")
        for name in ["gone", "old"] { #expect(throws: CallError.self) { _ = try running.start(name) } }
        await running.end()
    }

    @Test("an optional model that can't be served is left out, and tried again each time")
    func leftOut() async throws {
        let provider = Running.inference(try Running.entry("a", "{say: one}"))
        let models = "models: [{model_id: a}, {model_id: bad, optional: true}]"
        let running = try await Running.start(provider, more: models)
        for _ in 0..<2 {
            let report = try await running.reload(provider, more: models)
            #expect(report.words.count == 2 && report.words[1].hasPrefix("model 'bad': left out ("), "\(report.words)")
            #expect(report.exitCode == 0)
            #expect(running.stack.summary.failed.map(\.name) == ["bad"])
        }
        let report = try await running.reload(provider, more: "models: [{model_id: a}]")
        #expect(report.words == ["inference/a: kept"])
        #expect(running.stack.summary.failed.isEmpty)
        await running.end()
    }

    @Test("a model that its provider refuses leaves the rest, and is named with its line")
    func refusedModel() async throws {
        let provider = Running.inference(try Running.entry("a", "{say: one}"))
        let running = try await Running.start(provider, more: "models: [{model_id: a}]")
        let report = try await running.reload(provider, more: "models: [{model_id: a}, {model_id: bad}]")
        #expect(report.words == ["inference/a: kept", "model 'bad': failed"])
        #expect(report.exitCode != 0)
        #expect(report.diagnostics.first?.description.contains("dist.yaml:8:") == true)
        #expect(try await running.say("a") == "one")
        await running.end()
    }

    // MARK: what fails
}
