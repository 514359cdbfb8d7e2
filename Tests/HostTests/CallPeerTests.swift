import ChildProcess
import ContractBridge
import Dispatch
import Foundation
import LlamaStackAPI
import Synchronization
import Testing

@testable import Runtimes

/// What one side of a connection may have open at the other.
struct CallPeerTests {
    /// A host, which keeps every call open, and the child that calls it.
    private final class Pair: Sendable {
        let host: CallPeer, child: CallPeer
        let held = Mutex<[any AnswerSink]>([])

        init(requestBytesMax: Int) throws {
            let (ours, theirs) = try FrameSocket.pair()
            host = CallPeer(FrameLink(ours), requestBytesMax: requestBytesMax)
            child = CallPeer(FrameLink(theirs))
            Thread.detachNewThread { [self] in
                try? host.link.receive { frame in
                    try host.take(frame) { _, sink in
                        held.withLock { $0.append(sink) }
                        return {}
                    }
                }
            }
            Thread.detachNewThread { [self] in
                try? child.link.receive { try child.take($0) { _, _ in {} } }
            }
        }

        deinit { close() }

        func close() {
            host.link.close()
            child.link.close()
        }

        func call(_ bodyBytes: Int) -> PartStream {
            let answer = PartStream()
            var request = CallRequest(method: "m")
            request.body = [UInt8](repeating: 0x20, count: bodyBytes)
            child.call(request, into: answer)
            return answer
        }

        /// Waits until the host has taken this number.
        func wait(held count: Int) async throws {
            while held.withLock({ $0.count }) < count { try await Task.sleep(for: .milliseconds(1)) }
        }
    }

    private func error(of answer: PartStream) async -> CallError? {
        do throws(CallError) {
            while try await answer.take() != nil {}
            return nil
        } catch { return error }
    }

    // In a frame, and in a memory file.
    @Test(
        "a call beyond what the requests of one child may hold is refused, and one that ends makes room",
        arguments: [100_000, 400_000])
    func requestBytes(bodyBytes: Int) async throws {
        let pair = try Pair(requestBytesMax: 3 * bodyBytes + 1000)
        defer { pair.close() }
        let taken = (0..<3).map { _ in pair.call(bodyBytes) }
        try await pair.wait(held: 3)
        let refused = await error(of: pair.call(bodyBytes))
        #expect(refused?.code == .overloaded)
        #expect(
            refused?.message.contains("at most \(3 * bodyBytes + 1000) are held") == true, "\(refused?.message ?? "")")
        #expect(taken.allSatisfy { !$0.hasEnded })
        pair.held.withLock { $0.removeFirst() }.finish(nil)
        // As soon as the host has ended one, whatever the child knows of it.
        let next = pair.call(bodyBytes)
        try await pair.wait(held: 3)
        #expect(!next.hasEnded)
    }

    @Test("one request that is larger than all may be together is taken alone")
    func oneLarge() async throws {
        let pair = try Pair(requestBytesMax: 1000)
        defer { pair.close() }
        let answer = pair.call(300_000)
        try await pair.wait(held: 1)
        #expect(await error(of: pair.call(10))?.code == .overloaded)
        #expect(!answer.hasEnded)
    }
}

/// The deadlines of an instance's calls.
struct DeadlineWatchTests {
    private static func now() -> Int64 { Int64(clamping: DispatchTime.now().uptimeNanoseconds) }

    @Test("each deadline that passes is told once, in whatever order they were set")
    func passes() async throws {
        let watch = DeadlineWatch()
        let told = Mutex<[UInt64]>([])
        let all = Once<Void>()
        for (callID, milliseconds) in [(1, 60), (2, 20), (3, 40), (4, 1)] as [(UInt64, Int64)] {
            watch.add(callID, deadline: Self.now() + milliseconds * 1_000_000) {
                if told.withLock({
                    $0.append(callID)
                    return $0.count
                }) == 4 {
                    all.fire()
                }
            }
        }
        await all.value()
        #expect(told.withLock { Set($0) } == [1, 2, 3, 4])
        #expect(watch.count == 0)
    }

    @Test("a call that has ended is not told, and nothing is kept of it until its deadline")
    func ends() async throws {
        let watch = DeadlineWatch()
        let told = Mutex<[UInt64]>([])
        for callID in 0..<100_000 as Range<UInt64> {
            watch.add(callID, deadline: Self.now() + 600_000_000_000) { told.withLock { $0.append(callID) } }
            watch.remove(callID)
        }
        #expect(watch.count == 0)
        let last = Once<Void>()
        watch.add(7, deadline: Self.now() + 1_000_000) { last.fire() }
        await last.value()
        #expect(told.withLock { $0 } == [])
    }

    @Test("a call without a deadline is not watched")
    func none() {
        let watch = DeadlineWatch()
        watch.add(1, deadline: 0) {}
        #expect(watch.count == 0)
    }
}
