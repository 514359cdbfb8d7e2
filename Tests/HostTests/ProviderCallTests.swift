import Foundation
import LlamaStackAPI
import Synchronization
import Testing

@testable import Host

/// What providers ask of the host.
struct ProviderCallTests {
    /// A memory provider that asks the inference provider.
    private func start(
        needs: String = #"[\"inference\"]"#, state: String? = nil, log: LogRecord = LogRecord(),
        metrics: MetricsSink = .discard
    ) async throws -> Stack {
        let asker = try ProbeLibrary.build(
            "PROVIDER_API=\"memory_banks\"", "PROVIDER_NEEDS=\"\(needs)\"",
            "PROVIDER_METHODS=\"[{\\\"name\\\":\\\"list_memory_banks\\\"}]\"")
        let manifest = try distribution(
            """
            version: 1
            \(state.map { "state: \($0)" } ?? "")
            providers:
              memory_banks: [{provider_id: asker, provider_type: inline::probe, library: \(asker)}]
              inference: [{provider_id: probe, provider_type: inline::probe, library: \(try ProbeLibrary.build())}]
            models: [{model_id: tiny, aliases: [small]}]
            """)
        return try await Stack.start(manifest, environment: [:], log: log.sink, metrics: metrics)
    }

    private func ask(_ stack: Stack, _ body: String) async throws(CallError) -> String {
        let instance = stack.currentTable.instance(.memoryBanks, "asker")
        guard let instance else { throw CallError(.notFound, "no asker") }
        var request = CallRequest(method: "list_memory_banks")
        request.body = Array(body.utf8)
        let queue = PartStream()
        request.callID = UInt64.random(in: 1 << 40...1 << 50)
        let answer = Answer(queue) {}
        instance.channel.invoke(request, into: queue)
        return String(decoding: try await answer.collect(), as: UTF8.self)
    }

    @Test("a provider's call reaches another provider, by the alias of a model")
    func call() async throws {
        let log = LogRecord(), seen = Mutex<[String]>([])
        let metrics = MetricsSink { measurement in
            seen.withLock { $0.append("\(measurement.source) \(measurement.name)") }
        }
        let stack = try await start(log: log, metrics: metrics)
        #expect(try await ask(stack, #"{"ask:":1}"#) == #"{"completion_message":"word"}"#)
        let line = try #require(log.lines.first { $0.message == "asking" })
        #expect(line.source == "memory_banks/asker")
        #expect(line.fields == ["for": "a word"])
        #expect(seen.withLock { $0 } == ["memory_banks/asker asked_total"])
        await stack.shutdown(withinSeconds: 2)
    }

    @Test("the provider that is needed starts first, whatever the file's order")
    func order() async throws {
        let stack = try await start()
        #expect(stack.summary.providers.map(\.providerID) == ["asker", "probe"])
        await stack.shutdown(withinSeconds: 2)
    }

    @Test("a call for an unknown model is told so, as a client would be")
    func unknownModel() async throws {
        let stack = try await start()
        let error = await #expect(throws: CallError.self) { _ = try await self.ask(stack, #"{"ask:":"unknown"}"#) }
        #expect(error?.code == .modelNotFound)
        await stack.shutdown(withinSeconds: 2)
    }

    @Test("an API that a provider does not say it needs is out of its reach")
    func notNeeded() async throws {
        let stack = try await start(needs: "[]")
        let error = await #expect(throws: CallError.self) { _ = try await self.ask(stack, #"{"ask:":1}"#) }
        #expect(error?.code == .apiNotServed)
        await stack.shutdown(withinSeconds: 2)
    }

    @Test("an API that a provider can do without is reached where it is served")
    func wished() async throws {
        let stack = try await start(needs: #"[\"inference?\"]"#)
        #expect(try await ask(stack, #"{"ask:":1}"#) == #"{"completion_message":"word"}"#)
        await stack.shutdown(withinSeconds: 2)
    }

    @Test("a provider starts without an API that it can do without")
    func wishNotServed() async throws {
        let library = try ProbeLibrary.build("PROVIDER_API=\"memory_banks\"", #"PROVIDER_NEEDS="[\"inference?\"]""#)
        let manifest = try distribution(
            """
            version: 1
            providers:
              memory_banks: [{provider_id: alone, provider_type: inline::probe, library: \(library)}]
            """)
        let stack = try await Stack.start(manifest, environment: [:], log: LogRecord().sink, metrics: .discard)
        #expect(stack.summary.providers.map(\.providerID) == ["alone"])
        await stack.shutdown(withinSeconds: 2)
    }

    @Test("an announced model is served at once, and again after a restart")
    func announce() async throws {
        let state = ProbeLibrary.folder + "/state-\(UInt32.random(in: 0...UInt32.max))"
        let first = try await start(state: state)
        _ = try await ask(first, #"{"announce":1}"#)
        #expect(first.summary.resources(.model).map(\.id) == ["tiny", "announced"])
        #expect(try first.destination("chat_completion", model: "announced").instance.providerID == "probe")
        await first.shutdown(withinSeconds: 2)
        let second = try await start(state: state)
        #expect(second.summary.resources(.model).map(\.id) == ["tiny", "announced"])
        #expect(second.summary.resources(.model).last?.isAnnounced == true)
        await second.shutdown(withinSeconds: 2)
    }
}

/// A provider that breaks the rules spoils its own call and nothing else.
struct BrokenProviderTests {
    private func instance(_ macro: String, _ log: LogRecord, events: Int = 8) async throws -> InlineChannel {
        let library = try PluginLibrary.load(try ProbeLibrary.build(macro))
        return try await InlineChannel.alone(
            library.providers[0], providerID: "broken", config: ["events": .integer(Int64(events))], log: log.sink,
            withinSeconds: 5)
    }

    private func chat(_ channel: InlineChannel, _ callID: UInt64) -> Answer {
        var request = CallRequest(callID: callID, method: "chat_completion")
        request.body = Array(#"{"model":"x","stream":true}"#.utf8)
        let queue = PartStream()
        channel.invoke(request, into: queue)
        return Answer(queue) { channel.cancel(callID) }
    }

    @Test("a second finish is ignored, logged and blamed on the provider")
    func finishTwice() async throws {
        let log = LogRecord()
        let channel = try await instance("BREAK_FINISH_TWICE", log)
        _ = try await chat(channel, 1).collect()
        await channel.close(withinSeconds: 5)
        #expect(
            log.lines.contains {
                $0.source == "inference/broken" && $0.message == "broke the contract: finish after finish; ignored"
            })
    }

    @Test("a write after finish is ignored and logged")
    func lateWrite() async throws {
        let log = LogRecord()
        let channel = try await instance("BREAK_WRITE_AFTER_FINISH", log)
        _ = try await chat(channel, 1).collect()
        await channel.close(withinSeconds: 5)
        #expect(log.contains("broke the contract: write after finish; ignored"))
    }

    @Test("an answer of two kinds fails with 500")
    func mixed() async throws {
        let log = LogRecord()
        let channel = try await instance("BREAK_MIXED_KINDS", log)
        let error = await #expect(throws: CallError.self) { _ = try await self.chat(channel, 1).collect() }
        #expect(error?.code == .internal)
        #expect(log.contains("mixed LSP_BODY and LSP_EVENT"))
        await channel.close(withinSeconds: 5)
    }

    @Test("a provider that is never done is left behind when the time is up")
    func neverDestroyed() async throws {
        let log = LogRecord()
        let channel = try await instance("BREAK_NEVER_DESTROYED", log)
        #expect(await channel.close(withinSeconds: 0.2) == false)
        #expect(log.contains("did not finish destroy"))
    }

    @Test("a call that is never finished ends when its provider is stopped")
    func neverFinished() async throws {
        let log = LogRecord()
        let channel = try await instance("BREAK_NEVER_FINISH", log)
        let answer = chat(channel, 1)
        await channel.close(withinSeconds: 2)
        let error = await #expect(throws: CallError.self) { _ = try await answer.collect() }
        #expect(error?.code == .providerUnavailable)
        #expect(log.contains("left 1 calls unfinished"))
    }
}
