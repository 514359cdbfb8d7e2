import ChildProcess
import ContractBridge
import Dispatch
import Foundation
import LlamaStackAPI
import Synchronization
import Testing

@testable import Runtimes

/// A thread that reads frames and is lent to what they ask for.
@Suite(.timeLimit(.minutes(5)))
struct LendingReaderTests {
    /// The thread that reads first, and what it was asked.
    private final class Reading: Sendable {
        let near: FrameLink, far: FrameLink
        let ended = Once<String>()
        let endings = Atomic<Int>(0)

        init(_ take: @escaping @Sendable (Frame, FrameLink, (@escaping LendingReader.Work) -> Void) throws -> Void)
            throws
        {
            let (ours, theirs) = try FrameSocket.pair()
            (near, far) = (FrameLink(ours), FrameLink(theirs))
            let reader = LendingReader(near, take: { [near] in try take($0, near, $1) }) { [self] error in
                endings.add(1, ordering: .relaxed)
                ended.set(error.map { "\($0)" } ?? "end")
            }
            Thread.detachNewThread { reader.run() }
        }
    }

    @Test("lent work runs on the thread that reads, one after the other")
    func here() async throws {
        let threads = Mutex<[pthread_t]>([])
        let reading = try Reading { _, _, lend in
            let reader = pthread_self()
            lend { threads.withLock { $0 += [reader, pthread_self()] } }
        }
        for _ in 0..<100 { reading.far.send(Frame(kind: .ping)) }
        shutdownWriting(reading.far)
        #expect(await reading.ended.value() == "end")
        #expect(threads.withLock { $0.count } == 200)
        #expect(threads.withLock { Set($0).count } == 1)
    }

    @Test("behind work that does not return another thread reads on, and the end is told once")
    func stuck() async throws {
        let (free, seen) = (DispatchSemaphore(value: 0), Once<Void>())
        let returned = Once<Void>()
        let reading = try Reading { frame, _, lend in
            guard frame.call == 1 else { return seen.fire() }
            lend {
                free.wait()
                returned.fire()
            }
        }
        for call in 1...2 as ClosedRange<UInt64> { reading.far.send(Frame(kind: .cancel, call: call)) }
        await seen.value()
        free.signal()
        await returned.value()
        shutdownWriting(reading.far)
        #expect(await reading.ended.value() == "end")
        #expect(reading.endings.load(ordering: .relaxed) == 1)
    }

    @Test("work after work that got stuck, on whichever thread, is looked after too")
    func stuckAgain() async throws {
        let last: UInt64 = 5
        let (free, seen) = (DispatchSemaphore(value: 0), Once<Void>())
        let reading = try Reading { frame, _, lend in
            if frame.call == last { seen.fire() } else { lend { free.wait() } }
        }
        for call in 1...last { reading.far.send(Frame(kind: .cancel, call: call)) }
        await seen.value()
        for _ in 1..<last { free.signal() }
        shutdownWriting(reading.far)
        #expect(await reading.ended.value() == "end")
    }

    @Test("a body that lent work writes leaves in one piece with its end, and without it when the work gets stuck")
    func bodies() async throws {
        let free = DispatchSemaphore(value: 0)
        let reading = try Reading { frame, link, lend in
            lend {
                let sink = RemoteSink(link, call: frame.call) {}
                _ = sink.write(.body([0x31]))
                if frame.call == 2 { free.wait() }
                sink.finish(nil)
            }
        }
        reading.far.send(Frame(kind: .cancel, call: 1))
        #expect(try firstKinds(reading.far) == [.write, .finish])
        reading.far.send(Frame(kind: .cancel, call: 2))
        #expect(try firstKinds(reading.far) == [.write])
        free.signal()
        #expect(try firstKinds(reading.far) == [.finish])
    }

    @Test("an event that lent work writes leaves at once")
    func events() async throws {
        let free = DispatchSemaphore(value: 0)
        let reading = try Reading { frame, link, lend in
            lend {
                _ = RemoteSink(link, call: frame.call) {}.write(.event([0x31]))
                free.wait()
            }
        }
        reading.far.send(Frame(kind: .cancel, call: 1))
        #expect(try firstKinds(reading.far) == [.write])
        free.signal()
        reading.far.close()
    }

    /// The frames of what comes first.
    private func firstKinds(_ link: FrameLink) throws -> [Frame.Kind] {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 16)
        defer { buffer.deallocate() }
        var parser = FrameParser()
        guard case .bytes(let count, _, _) = try link.socket.receive(into: buffer, waits: true) else { return [] }
        parser.add(UnsafeRawBufferPointer(rebasing: buffer[..<count]), descriptor: nil)
        var kinds: [Frame.Kind] = []
        while let frame = try parser.next() { kinds.append(frame.kind) }
        return kinds
    }

    private func shutdownWriting(_ link: FrameLink) { shutdown(link.socket.descriptor, Int32(SHUT_WR)) }
}
