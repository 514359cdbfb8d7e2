import LlamaStackAPI
import Synchronization
import Testing

@testable import Host

/// Calls that write nothing.
struct CallMonitorTests {
    /// One that looks when a test says so.
    private let monitor = CallMonitor(secondsMax: 600, lookSeconds: 1_000_000)
    private let start = ContinuousClock.now

    private func look(after seconds: Double) { monitor.look(at: start + .seconds(seconds)) }

    @Test("a call that goes on writing is not ended, however long it takes")
    func writing() async throws {
        let stream = PartStream(), call = monitor.open(stream, label: "x", isTimed: true)
        for minute in 1...60 {
            #expect(call.write(.event([0x30])) == .more)
            look(after: Double(minute) * 599)
        }
        call.finish(nil)
        #expect(try await Answer(stream, stop: {}).collect().count == 60)
        #expect(monitor.openCalls == 0)
    }

    @Test("a call that stops writing ends with 504 and is cancelled; what it writes later is not taken")
    func stopsWriting() async throws {
        let stream = PartStream(), call = monitor.open(stream, label: "inference/x", isTimed: true)
        let isCancelled = Once<Bool>()
        _ = call.started { isCancelled.set(true) }
        #expect(call.write(.event([0x30])) == .more)
        look(after: 1000)
        look(after: 1599)
        #expect(!stream.hasEnded)
        look(after: 1601)
        #expect(await isCancelled.value())
        #expect(try await stream.take() == [.event([0x30])])
        let error = await #expect(throws: CallError.self) { _ = try await stream.take() }
        #expect(
            error
                == CallError(.providerTimeout, "inference/x wrote nothing for 600 s (server.limits.call_seconds_max)"))
        #expect(call.write(.event([0x30])) == .closed)
        #expect(monitor.openCalls == 0)
    }

    @Test("a call that waits for a slow reader is not ended")
    func waitsForReader() async throws {
        let stream = PartStream(), call = monitor.open(stream, label: "x", isTimed: true)
        #expect(call.write(.event([UInt8](repeating: 0x30, count: WriterLead.markBytes))) == .pause)
        let isWoken = Once<Bool>()
        call.whenWritable { isWoken.set(true) }
        let (other, isOver) = (PartStream(), Once<Bool>())
        _ = monitor.open(other, label: "y", isTimed: true).started { isOver.set(true) }
        for hour in 1...10 { look(after: Double(hour) * 3600) }
        #expect(await isOver.value())
        #expect(!stream.hasEnded)
        _ = try await stream.take()
        #expect(await isWoken.value())
        call.finish(nil)
    }

    @Test("a call of an endpoint without a limit is not ended")
    func untimed() async throws {
        #expect(Endpoints.all.filter(\.isUntimed).map(\.id) == ["post_training.job_logs", "synthetic_data_generation.generate"])
        let stream = PartStream(), call = monitor.open(stream, label: "x", isTimed: false)
        for hour in 1...10 { look(after: Double(hour) * 3600) }
        #expect(monitor.openCalls == 1)
        #expect(!stream.hasEnded)
        call.finish(nil)
    }

    // MARK: a whole stack

    private func stack() async throws -> Stack {
        try await Stack.start(
            try distribution(
                """
                version: 1
                name: test
                server: {limits: {call_seconds_max: 1}}
                providers:
                  inference:
                    - {provider_id: probe, provider_type: inline::probe, library: \(try ProbeLibrary.build())}
                models: [{model_id: tiny, provider_id: probe, aliases: [small]}]
                """))
    }

    private func request(_ body: String) -> CallRequest {
        var request = CallRequest(method: "chat_completion")
        request.body = Array(body.utf8)
        return request
    }

    @Test("a provider that writes nothing for the limit is told, and serves the next call")
    func silent() async throws {
        let stack = try await stack(), endpoint = try #require(Endpoints.find(.inference, "chat_completion"))
        let answer = try stack.call(endpoint, resourceName: "tiny", request: request(#"{"model":"take long"}"#))
        let error = await #expect(throws: CallError.self) { _ = try await answer.collect() }
        #expect(error?.code == .providerTimeout)
        _ = try await stack.call(endpoint, resourceName: "tiny", request: request(#"{"model":"tiny"}"#)).collect()
        // It ends only when the provider heard of the cancel.
        await stack.shutdown(withinSeconds: 60)
    }

    @Test("a call between providers has the limit too", arguments: ["inference", "inference/probe"])
    func betweenProviders(target: String) async throws {
        let stack = try await stack(), sink = PartStream()
        var request = request(#"{"model":"take long"}"#)
        request.resource = "tiny"
        _ = try stack.dispatcher.call(from: .memoryBanks, target: target, request, into: sink)
        let error = await #expect(throws: CallError.self) { _ = try await sink.take() }
        #expect(error?.code == .providerTimeout)
        await stack.shutdown(withinSeconds: 60)
    }
}
