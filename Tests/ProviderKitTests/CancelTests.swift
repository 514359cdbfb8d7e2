import Foundation
import ProviderKit
import Testing

/// What cancel, a slow reader and a closed sink do to a call.
@Suite(.timeLimit(.minutes(10)))
struct CancelTests {
    let config = #"{"model": "m"}"#

    @Test("cancel ends a call that waits with 11 cancelled, once")
    func during() async {
        let probe = await TestInstance.ready(probeModule.value, config: config)
        let (id, sink) = probe.start("chat_completion", body: chat("sleep", stream: true))
        probe.cancel(id)
        probe.cancel(id)
        let record = await sink.finished()
        #expect(record.status == 11)
        await probe.destroy()
        #expect(sink.record.finishes == 1)
    }

    @Test("cancel of an id that never was, or is finished, does nothing")
    func unknown() async {
        let probe = await TestInstance.ready(probeModule.value, config: config)
        probe.cancel(999)
        let (id, sink) = probe.start("chat_completion", body: chat("hi"))
        await sink.finished()
        probe.cancel(id)
        #expect(await probe.call("chat_completion", body: chat("hi")).status == 0)
        #expect(sink.record.finishes == 1)
    }

    @Test("an id can be used again as soon as its call is finished")
    func reuse() async {
        let probe = await TestInstance.ready(probeModule.value, config: config)
        for _ in 0..<200 {
            let record = await probe.start("chat_completion", body: chat("hi"), id: 5).sink.finished()
            #expect(record.status == 0)
        }
    }

    @Test("an id that is in use is refused, and the call that has it goes on")
    func duplicate() async {
        let probe = await TestInstance.ready(probeModule.value, config: config)
        let first = probe.start("chat_completion", body: chat("sleep"), id: 5)
        #expect(await probe.start("chat_completion", body: chat("hi"), id: 5).sink.finished().status == 12)
        probe.cancel(5)
        #expect(await first.sink.finished().status == 11)
    }

    @Test("cancels that race with calls leave every call finished once")
    func race() async {
        let probe = await TestInstance.ready(probeModule.value, config: config)
        for round in 0..<200 {
            let (id, sink) = probe.start("chat_completion", body: chat("many", stream: true))
            if round % 2 == 0 { await Task.yield() }
            probe.cancel(id)
            let record = await sink.finished()
            #expect(record.status == 0 || record.status == 11)
            #expect(record.finishes == 1)
            #expect(sink.record.writesAfterFinish == 0)
        }
    }

    @Test("after PAUSE nothing is written until the reader has caught up")
    func pause() async {
        let probe = await TestInstance.ready(probeModule.value, config: config)
        let (_, sink) = probe.start("chat_completion", body: chat("many", stream: true), pauseAt: 10)
        await sink.wait { $0.isPaused }
        #expect(sink.record.events.count == 10)
        sink.resume()
        let record = await sink.finished()
        #expect(record.events.count == 100)
        #expect(record.writesWhilePaused == 0)
    }

    @Test("a blocking sender waits likewise")
    func blocking() async {
        let probe = await TestInstance.ready(probeModule.value, config: config)
        let (_, sink) = probe.start("chat_completion", body: chat("blocking", stream: true), pauseAt: 10)
        await sink.wait { $0.isPaused }
        sink.resume()
        let record = await sink.finished()
        #expect(record.events.count == 100)
        #expect(record.writesWhilePaused == 0)
    }

    @Test("cancel wakes a sender that waits for a slow reader")
    func cancelWhilePaused() async {
        let probe = await TestInstance.ready(probeModule.value, config: config)
        let (id, sink) = probe.start("chat_completion", body: chat("many", stream: true), pauseAt: 10)
        await sink.wait { $0.isPaused }
        probe.cancel(id)
        #expect(await sink.finished().status == 11)
    }

    @Test("a reader that has left ends the call with 11 cancelled")
    func closed() async {
        let probe = await TestInstance.ready(probeModule.value, config: config)
        let (_, sink) = probe.start("chat_completion", body: chat("many", stream: true), pauseAt: 10)
        await sink.wait { $0.isPaused }
        sink.close()
        let record = await sink.finished()
        #expect(record.status == 11)
        #expect(record.events.count == 10)
    }

    @Test("a stream that escapes its call can't write after finish")
    func escape() async {
        let probe = await TestInstance.ready(probeModule.value, config: config)
        for _ in 0..<50 {
            let (_, sink) = probe.start("chat_completion", body: chat("escape", stream: true), pauseAt: 5)
            await sink.finished()
            #expect(sink.record.finishes == 1)
            #expect(sink.record.writesAfterFinish == 0)
        }
    }

    @Test("a provider that throws CancellationError on its own answers 12 internal")
    func quits() async {
        let probe = await TestInstance.ready(probeModule.value, config: config)
        #expect(await probe.call("chat_completion", body: chat("quit")).status == 12)
    }

    @Test("a deadline is known to the method")
    func deadline() async {
        let probe = await TestInstance.ready(probeModule.value, config: config)
        let with = await probe.start("chat_completion", body: chat("deadline", stream: true), deadline: 1).sink
            .finished()
        let without = await probe.start("chat_completion", body: chat("deadline", stream: true)).sink.finished()
        #expect(with.events == [#"{"text_delta":"some"}"#])
        #expect(without.events == [#"{"text_delta":"none"}"#])
    }
}
