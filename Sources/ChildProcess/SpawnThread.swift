import Foundation
import Synchronization

/// The one thread on which every child is started. A child's death signal comes when the *thread* that started it ends,
/// and threads of a pool do end; this one does not.
package final class SpawnThread: Sendable {
    package static let shared = SpawnThread()

    private let waiting = DispatchSemaphore(value: 0)
    private let jobs = Mutex<[@Sendable () -> Void]>([])

    private init() {
        let thread = Thread { [self] in
            while true {
                waiting.wait()
                let job = jobs.withLock { $0.removeFirst() }
                job()
            }
        }
        thread.name = "child-spawn"
        thread.start()
    }

    /// Runs `body` on the thread and waits for it. Not from within a `body`.
    package func run<Value: Sendable>(_ body: @escaping @Sendable () -> Value) -> Value {
        let answer = Answer<Value>()
        jobs.withLock { $0.append { answer.give(body()) } }
        waiting.signal()
        return answer.take()
    }

    private final class Answer<Value: Sendable>: Sendable {
        private let value = Mutex<Value?>(nil)
        private let done = DispatchSemaphore(value: 0)

        func give(_ value: Value) {
            self.value.withLock { $0 = value }
            done.signal()
        }

        func take() -> Value {
            while true {
                done.wait()
                if let value = value.withLock({ $0 }) { return value }
            }
        }
    }
}
