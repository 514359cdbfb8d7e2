import Foundation
import ProviderKit
import Synchronization
import Testing

/// Calls of a provider to another, through the host.
@Suite(.timeLimit(.minutes(10)))
struct HostCallTests {
    let config = #"{"model": "m"}"#

    @Test("a whole answer comes back, and the request id goes along")
    func whole() async {
        let probe = await TestInstance.ready(probeModule.value, config: config)
        let seen = Mutex<[String]>([])
        probe.host.onCall.withLock {
            $0 = { call in
                seen.withLock { $0 = [call.target, call.method, call.requestID] }
                _ = call.sink().body(#"{"content":"#)
                _ = call.sink().body(#""hello"}"#)
                call.sink().end()
            }
        }
        let record = await probe.call("chat_completion", body: chat("ask"), requestID: "r-3")
        #expect(record.body == #"{"content":"they say hello","tool_calls":[]}"#)
        #expect(seen.withLock { $0 } == ["inference/other", "chat_completion", "r-3"])
    }

    @Test("streamed events come back in order, the call with stream set")
    func streamed() async {
        let probe = await TestInstance.ready(probeModule.value, config: config)
        probe.host.onCall.withLock {
            $0 = { call in
                guard call.body.contains(#""stream":true"#) else { return call.sink().end(12) }
                for index in 0..<50 { _ = call.sink().event(#"{"text_delta":"\#(index)"}"#) }
                call.sink().end()
            }
        }
        let record = await probe.call("chat_completion", body: chat("ask", stream: true))
        #expect(record.events == (0..<50).map { #"{"text_delta":"\#($0)"}"# })
    }

    @Test("the error of the other provider arrives with status, code and field")
    func error() async {
        let probe = await TestInstance.ready(probeModule.value, config: config)
        probe.host.onCall.withLock {
            $0 = { $0.sink().end(3, #"{"code": "model_not_found", "message": "no such model", "field": "model"}"#) }
        }
        let record = await probe.call("chat_completion", body: chat("ask"))
        #expect(record.status == 3)
        #expect(record.error == ["code": "model_not_found", "message": "no such model", "field": "model"])
    }

    @Test("the other provider is told to pause without a reader, and woken when there is one")
    func pressure() async {
        let probe = await TestInstance.ready(probeModule.value, config: config)
        let (outcomes, continuation) = AsyncStream.makeStream(of: [Int32].self)
        let (pauses, paused) = AsyncStream.makeStream(of: Void.self)
        probe.host.onCall.withLock {
            $0 = { call in
                Thread.detachNewThread {
                    let sink = call.sink()
                    let chunk = String(repeating: "x", count: 8000)
                    var seen: Set<Int32> = []
                    for _ in 0..<500 {
                        let pressure = sink.event(#"{"text_delta":"\#(chunk)"}"#)
                        seen.insert(pressure)
                        if pressure == Int32(LSP_PAUSE) {
                            paused.yield()
                            _ = sink.wait_writable(sink.context)
                        }
                    }
                    paused.finish()
                    sink.end()
                    continuation.yield(seen.sorted())
                }
            }
        }
        let (_, sink) = probe.start("chat_completion", body: chat("ask", stream: true), pauseAt: 3)
        await sink.wait { $0.isPaused }
        // Our own reader stands still now; the other side must come to a stop before its 4 MB are through.
        for await _ in pauses { break }
        sink.resume()
        let record = await sink.finished()
        #expect(record.events.count == 500)
        var iterator = outcomes.makeAsyncIterator()
        let seen = await iterator.next()
        #expect(seen == [Int32(LSP_MORE), Int32(LSP_PAUSE)])
    }

    @Test("cancelling a call cancels the call it made")
    func cancel() async {
        let probe = await TestInstance.ready(probeModule.value, config: config)
        let pending = Mutex<TestHost.OutgoingCall?>(nil)
        let (arrived, continuation) = AsyncStream.makeStream(of: Void.self)
        probe.host.onCall.withLock {
            $0 = { call in
                pending.withLock { $0 = call }
                continuation.yield()
            }
        }
        probe.host.onCancel.withLock { $0 = { _ in pending.withLock { $0.take() }?.sink().end(11) } }
        let (id, sink) = probe.start("chat_completion", body: chat("ask", stream: true))
        var iterator = arrived.makeAsyncIterator()
        await iterator.next()
        probe.cancel(id)
        #expect(await sink.finished().status == 11)
        #expect(probe.host.cancelled.withLock { $0.count } >= 1)
        await probe.destroy()
    }

    @Test("an announced resource reaches the host")
    func announce() async {
        let probe = await TestInstance.ready(probeModule.value, config: config)
        #expect(await probe.call("chat_completion", body: chat("announce")).status == 0)
        #expect(probe.host.announced.withLock { $0 } == [#"{"kind":"model","id":"new","path":"/new","base":"old"}"#])
    }

    @Test("what a provider withdraws reaches the host, with the API where it is said")
    func withdraw() async {
        let probe = await TestInstance.ready(probeModule.value, config: config)
        #expect(await probe.call("chat_completion", body: chat("withdraw")).status == 0)
        #expect(
            probe.host.withdrawn.withLock { $0 } == [
                #"{"kind":"model","id":"new"}"#, #"{"kind":"model","id":"new","api":"reward_scoring"}"#,
            ])
    }
}

extension Optional {
    fileprivate mutating func take() -> Wrapped? {
        defer { self = nil }
        return self
    }
}
