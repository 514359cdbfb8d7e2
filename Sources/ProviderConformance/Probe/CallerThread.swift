import CProcessProbe
import Dispatch
import Foundation
import Synchronization

/// Runs a function of the library on a thread of its own, so that one which does not return costs a message and not the
/// check.
enum CallerThread {
    /// nil when it has not returned within the time. Its thread is left as it is then.
    static func run<Value: Sendable>(
        withinSeconds seconds: Double, _ body: @escaping @Sendable () -> Value
    ) -> Value? {
        let answer = Answer<Value>()
        let thread = Thread {
            pp_enter_thread("caller")
            answer.set(body())
        }
        thread.stackSize = 2 << 20
        thread.start()
        return answer.wait(seconds)
    }

    /// The same with the time that it took and what it did to the state of its thread; neither is the provider's doing
    /// where a socket is between.
    static func measure<Value: Sendable>(
        _ function: String, context: CheckContext, _ body: @escaping @Sendable () -> Value
    ) throws(CheckFailure) -> Value {
        let report = context.report
        report.at(function)
        if context.setup.isOverSocket { return body() }
        let answer = run(withinSeconds: context.seconds) {
            let before = ThreadState()
            let start = DispatchTime.now().uptimeNanoseconds, waited = nanosecondsWaited
            let value = body()
            // Waiting for a processor is the machine's doing.
            let nanoseconds = Double(DispatchTime.now().uptimeNanoseconds - start) - (nanosecondsWaited - waited)
            let milliseconds = max(0, nanoseconds) / 1e6
            for change in ThreadState().changes(since: before) { report.broken(.state, "\(function) \(change)") }
            report.took(function, milliseconds: milliseconds)
            if milliseconds > promptMilliseconds {
                report.broken(
                    .prompt,
                    "\(function) kept its caller for \(Int(milliseconds)) ms; it must hand its work to a thread of its own"
                )
            }
            return value
        }
        guard let answer else {
            report.broken(.prompt, "\(function) had not returned after \(context.seconds) s; it must return at once")
            throw CheckFailure("\(function) did not return within \(context.seconds) s")
        }
        return answer
    }

    /// How long this thread has been ready to run without a processor (proc(5), schedstat); 0 where nothing counts it.
    private static var nanosecondsWaited: Double {
        let counts = ProcessFiles.lines("/proc/thread-self/schedstat").first?.split(separator: " ") ?? []
        return counts.dropFirst().first.flatMap { Double($0) } ?? 0
    }

    /// The limit of [prompt]. It is generous, because machines differ and run other work.
    static let promptMilliseconds = 1000.0
}

/// A value that arrives once.
final class Answer<Value: Sendable>: Sendable {
    private let value = Mutex<Value?>(nil)
    private let arrived = DispatchSemaphore(value: 0)

    func set(_ new: Value) {
        value.withLock { $0 = new }
        arrived.signal()
    }

    func wait(_ seconds: Double) -> Value? {
        guard arrived.wait(timeout: .now() + seconds) == .success else { return nil }
        return value.withLock { $0 }
    }
}
