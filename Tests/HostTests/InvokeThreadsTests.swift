import ContractBridge
import Dispatch
import Foundation
import Synchronization
import Testing

@testable import Runtimes

/// On which thread a provider's functions are called.
struct InvokeThreadsTests {
    @Test("an instance earns its callers' threads by returning at once many times, and loses them by being late once")
    func earned() {
        var promptness = Promptness()
        for _ in 1..<Promptness.returnsMin { promptness.returned(afterSeconds: 0) }
        #expect(!promptness.isEarned)
        promptness.returned(afterSeconds: Promptness.secondsMax)
        #expect(promptness.isEarned)
        promptness.returned(afterSeconds: 0.1)
        #expect(!promptness.isEarned)
    }

    @Test(
        "a prompt function comes to run on its caller's thread, but not outside of Swift's shared threads",
        .enabled(if: ProcessInfo.processInfo.activeProcessorCount > 1))
    func here() async {
        let threads = InvokeThreads(name: "test", log: .discard)
        defer { threads.close() }
        let isHere = await Self.eventuallyHere(threads)
        #expect(isHere)
        let elsewhere = Once<Bool>()
        let thread = Thread {
            let caller = pthread_self()
            threads.runHere(InvokeThreads.Entry("invoke")) { elsewhere.set(pthread_equal(caller, pthread_self()) == 0) }
        }
        thread.start()
        #expect(await elsewhere.value())
    }

    @Test(
        "while one caller is inside on its own thread, the next does not follow it",
        .enabled(if: ProcessInfo.processInfo.activeProcessorCount > 1))
    func one() async {
        let threads = InvokeThreads(name: "test", log: .discard)
        defer { threads.close() }
        #expect(await Self.eventuallyHere(threads))
        let second = Once<Bool>()
        threads.runHere(InvokeThreads.Entry("invoke")) {
            let caller = pthread_self()
            threads.runHere(InvokeThreads.Entry("invoke")) { second.set(pthread_equal(caller, pthread_self()) == 0) }
        }
        #expect(await second.value())
    }

    @Test("a call that has not returned is seen wherever it runs")
    func oldest() async {
        let threads = InvokeThreads(name: "test", log: .discard)
        defer { threads.close() }
        let (seen, free) = (Once<Void>(), DispatchSemaphore(value: 0))
        threads.run(InvokeThreads.Entry("invoke", method: "slow")) {
            seen.set(())
            free.wait()
        }
        await seen.value()
        #expect(threads.oldest?.method == "slow")
        free.signal()
    }

    /// Calls until one runs on this thread. The machine may be busy, and other tests may hold what can be lent.
    private static func eventuallyHere(_ threads: InvokeThreads) async -> Bool {
        for _ in 0..<100_000 {
            let isHere = Once<Bool>()
            Self.call(threads, isHere)
            if await isHere.value() { return true }
        }
        return false
    }

    private static func call(_ threads: InvokeThreads, _ isHere: Once<Bool>) {
        let caller = pthread_self()
        threads.runHere(InvokeThreads.Entry("invoke")) { isHere.set(pthread_equal(caller, pthread_self()) != 0) }
    }
}
