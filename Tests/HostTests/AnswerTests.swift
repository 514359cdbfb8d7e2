import Synchronization
import Testing

@testable import Host

/// The queue between a provider that writes and a reader that awaits.
struct AnswerTests {
    @Test("a writer is told to pause at 256 KiB and woken when the reader has caught up")
    func pressure() async throws {
        let queue = PartStream()
        let piece = AnswerPart.event([UInt8](repeating: 1, count: 64 * 1024))
        #expect((0..<3).map { _ in queue.write(piece) } == [.more, .more, .more])
        #expect(queue.write(piece) == .pause)
        let wakes = Count()
        queue.whenWritable { wakes.add() }
        #expect(wakes.value == 0)
        #expect(try await queue.take()?.count == 4)
        #expect(wakes.value == 1)
        #expect(queue.write(piece) == .more)
    }

    @Test("a writer that need not wait is woken at once")
    func writable() {
        let wakes = Count()
        PartStream().whenWritable { wakes.add() }
        #expect(wakes.value == 1)
    }

    @Test("what was written before an error comes before the error")
    func errorComesLast() async throws {
        let queue = PartStream()
        _ = queue.write(.event([1]))
        queue.finish(CallError(.queueFull, "full"))
        let answer = Answer(queue) {}
        #expect(try await answer.nextParts() == [.event([1])])
        await #expect(throws: CallError(.queueFull, "full")) { _ = try await answer.nextParts() }
    }

    @Test("the first end counts")
    func firstEnd() async throws {
        let queue = PartStream()
        queue.finish(nil)
        queue.finish(CallError(.internal, "late"))
        #expect(try await queue.take() == nil)
    }

    @Test("nothing is taken after the end")
    func closed() {
        let queue = PartStream()
        queue.finish(nil)
        #expect(queue.write(.body([1])) == .closed)
    }

    @Test("a cancelled answer stops the call once, and refuses what is written")
    func cancel() async {
        let queue = PartStream(), stops = Count()
        let answer = Answer(queue) { stops.add() }
        answer.cancel()
        #expect(queue.write(.body([1])) == .closed)
        #expect(stops.value == 1)
    }

    @Test("a paused writer is woken when the reader leaves")
    func readerLeaves() {
        let queue = PartStream()
        _ = queue.write(.body([UInt8](repeating: 1, count: WriterLead.markBytes)))
        let wakes = Count()
        queue.whenWritable { wakes.add() }
        queue.abandon()
        #expect(wakes.value == 1)
    }

    @Test("an answer that is released cancels its call")
    func letGo() {
        let stops = Count()
        do { _ = Answer(PartStream()) { stops.add() } }
        #expect(stops.value == 1)
    }

    @Test("a cancelled task stops waiting and cancels the call")
    func task() async {
        let stops = Count()
        let answer = Answer(PartStream()) { stops.add() }
        let reader = Task { try await answer.collect() }
        reader.cancel()
        await #expect(throws: CallError.self) { _ = try await reader.value }
        #expect(stops.value >= 1)
    }

    @Test("an answer larger than the reader takes is refused")
    func tooLarge() async {
        let queue = PartStream()
        _ = queue.write(.body([1, 2, 3]))
        let answer = Answer(queue) {}
        await #expect(throws: CallError.self) { _ = try await answer.collect(bytesMax: 2) }
    }
}

/// How often something happened.
final class Count: Sendable {
    private let count = Mutex(0)
    func add() { count.withLock { $0 += 1 } }
    var value: Int { count.withLock { $0 } }
}
