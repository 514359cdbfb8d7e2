import Foundation
import ProviderKit
import Synchronization
import Testing

/// Calls that are done on the thread of their caller.
@Suite(.timeLimit(.minutes(10)))
struct AtOnceTests {
    let config = #"{"model": "m"}"#

    @Test("calls that have always been done at once come to be done on their caller's thread, but streams never do")
    func here() async {
        let probe = await TestInstance.ready(probeModule.value, config: config)
        #expect(await isEventuallyHere(probe))
        let streamed = Mutex<(caller: String, sinks: [TestSink])>(("", []))
        // No thread of Swift's, so that no task comes to run on it later.
        let caller = Thread {
            streamed.withLock { $0.caller = "\(pthread_self())" }
            for _ in 0..<1000 {
                let sink = probe.start("chat_completion", body: chat("thread", stream: true)).sink
                streamed.withLock { $0.sinks.append(sink) }
                while sink.record.finishes == 0 { usleep(10) }
            }
        }
        caller.start()
        while !caller.isFinished { try? await Task.sleep(for: .milliseconds(1)) }
        let (thread, sinks) = streamed.withLock { $0 }
        #expect(sinks.allSatisfy { $0.record.events.first?.contains("text_delta") == true })
        #expect(sinks.count { $0.record.events.first?.contains(thread) == true } == 0)
        await probe.destroy()
    }

    @Test("cancel reaches a call that computes on its caller's thread")
    func cancelled() async throws {
        let probe = await TestInstance.ready(probeModule.value, config: config)
        #expect(await isEventuallyHere(probe))
        let id: UInt64 = 1 << 40
        let status = Atomic<Int32>(-1)
        Thread.detachNewThread {
            let sink = probe.start("chat_completion", body: chat("compute"), id: id).sink
            while sink.record.finishes == 0 { usleep(1000) }
            status.store(sink.record.status ?? 0, ordering: .relaxed)
        }
        while status.load(ordering: .relaxed) < 0 {
            probe.cancel(id)
            try await Task.sleep(for: .milliseconds(1))
        }
        #expect(status.load(ordering: .relaxed) == 11)
        await probe.destroy()
    }

    /// Calls until one is done on this thread, before `invoke` returns.
    private func isEventuallyHere(_ probe: TestInstance) async -> Bool {
        for _ in 0..<100_000 {
            let sink = probe.start("chat_completion", body: chat("thread")).sink
            if isHere(sink) { return true }
            await sink.finished()
        }
        return false
    }

    private func isHere(_ sink: TestSink) -> Bool {
        sink.record.finishes == 1 && sink.record.body.contains("\(pthread_self())")
    }
}
