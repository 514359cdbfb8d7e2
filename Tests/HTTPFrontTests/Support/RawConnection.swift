import Foundation
import RawHTTP

/// What these tests ask of a connection beyond sending and reading. Blocking: use it through `raw`.
extension RawConnection {
    /// Everything until the server closes or `seconds` have passed.
    func readAll(seconds: Double = 60) -> (text: String, closed: Bool) {
        let end = Date.now.addingTimeInterval(seconds)
        var all: [UInt8] = []
        while Date.now < end {
            guard let piece = read(seconds: max(0.01, end.timeIntervalSinceNow)) else {
                return (String(decoding: all, as: UTF8.self), true)
            }
            all += piece
        }
        return (String(decoding: all, as: UTF8.self), false)
    }

    static func post(_ path: String, _ body: String, port: Int, close: Bool = true, headers: String = "") -> String {
        "POST \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nContent-Type: application/json\r\n"
            + "Content-Length: \(body.utf8.count)\r\n\(close ? "Connection: close\r\n" : "")\(headers)\r\n\(body)"
    }
}

/// Runs blocking code on a thread of its own, so that the tests never hold one of the pool's. It stays within the
/// test's task, so that what fails is known as that test's.
func raw<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withTaskExecutorPreference(ThreadEach()) { try work() }
}

private final class ThreadEach: TaskExecutor {
    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        Thread.detachNewThread { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
