import Dispatch
import Foundation
import Synchronization

/// Reads the frames of a connection, and lends its thread to what they ask for: a call that is done at once needs no
/// other thread to be woken, which would take longer than the call.
///
/// A second thread looks after the first. When lent work does not return, the second reads on and the first, once it
/// comes back, ends: cancels, credit and other calls wait for some milliseconds at most.
final class LendingReader: Sendable {
    typealias Work = @Sendable () -> Void
    /// Takes a frame. Gives to its second argument what is to run on the reading thread once the frame is dealt with.
    typealias Take = @Sendable (Frame, (@escaping Work) -> Void) throws -> Void

    /// Between two looks of the second thread. Work that is there at both is taken to be stuck.
    private static let lookMicroseconds: UInt32 = 2_000
    /// After this many looks in a row at nothing, it sleeps until the next work.
    private static let quietLooksMax = 50

    private let link: FrameLink
    private let frames: FrameReceiver
    private let take: Take
    private let ended: @Sendable ((any Error)?) -> Void
    /// One more at each beginning and each end of lent work, so odd while there is some. Who moves it away from an odd
    /// number reads on.
    private let steps = Atomic<UInt64>(0)
    private let isWatched = Atomic<Bool>(false)
    private let hasWatcher = Atomic<Bool>(false)
    private let toWatch = DispatchSemaphore(value: 0)

    /// - Parameter ended: called once, on the thread that reads then: nil at the end of the stream, else the rule that
    ///   was broken.
    init(_ link: FrameLink, take: @escaping Take, ended: @escaping @Sendable ((any Error)?) -> Void) {
        (self.link, frames) = (link, link.incoming)
        (self.take, self.ended) = (take, ended)
    }

    /// Reads on this thread until the end, or until another thread reads on in its place.
    func run() {
        do {
            while let frame = try frames.next() {
                var lent: Work?
                try take(frame) { lent = $0 }
                if let lent, !lend(lent) { return }
            }
            ended(nil)
        } catch { ended(error) }
    }

    /// False when another thread reads by now.
    private func lend(_ work: Work) -> Bool {
        link.holdBodies()
        let step = steps.load(ordering: .relaxed) + 1
        steps.store(step, ordering: .sequentiallyConsistent)
        if !isWatched.load(ordering: .sequentiallyConsistent) { beWatched() }
        work()
        guard takeStep(step) else { return false }
        link.releaseBodies()
        return true
    }

    /// True for the one that ends this step.
    private func takeStep(_ step: UInt64) -> Bool {
        steps.compareExchange(expected: step, desired: step + 1, ordering: .acquiringAndReleasing).exchanged
    }

    private func beWatched() {
        guard !isWatched.exchange(true, ordering: .sequentiallyConsistent) else { return }
        toWatch.signal()
        if !hasWatcher.exchange(true, ordering: .relaxed) { startWatcher() }
    }

    private func startWatcher() {
        let thread = Thread { [self] in watch() }
        thread.name = "frames"
        thread.qualityOfService = .userInitiated
        thread.stackSize = ProviderStack.bytes
        thread.start()
    }

    private func watch() {
        while true {
            toWatch.wait()
            if watchUntilQuiet() { break }
        }
        link.releaseBodies()
        isWatched.store(false, ordering: .sequentiallyConsistent)
        startWatcher()
        run()
    }

    /// True when this thread is to read on.
    private func watchUntilQuiet() -> Bool {
        var (seen, quietLooks) = (UInt64(0), 0)
        while true {
            usleep(Self.lookMicroseconds)
            let now = steps.load(ordering: .sequentiallyConsistent)
            quietLooks = now == seen ? quietLooks + 1 : 0
            let isStuck = now == seen && now % 2 == 1
            if isStuck, takeStep(now) { return true }
            seen = now
            guard quietLooks >= Self.quietLooksMax else { continue }
            isWatched.store(false, ordering: .sequentiallyConsistent)
            // Work that began since the look has met someone who watches.
            guard steps.load(ordering: .sequentiallyConsistent) != seen,
                !isWatched.exchange(true, ordering: .sequentiallyConsistent)
            else { return false }
        }
    }
}
