#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A named pthread that runs one closure. Never one of Swift's cooperative threads, so its body may compute and block
/// for as long as it likes.
package struct Thread: @unchecked Sendable {
    private let handle: pthread_t

    /// Starts the thread. `name` is what `top -H` shows, cut to 15 bytes.
    /// - Throws: `ThreadPoolError.threadNotStarted` when the system has no more threads to give.
    package static func start(name: String, _ body: @escaping @Sendable () -> Void) throws(ThreadPoolError) -> Thread {
        let launch = Unmanaged.passRetained(Launch(name: name, body: body))
        var handle = pthread_t()
        let status = pthread_create(&handle, nil, threadMain, launch.toOpaque())
        guard status == 0 else {
            launch.release()
            throw .threadNotStarted(name: name, errno: status)
        }
        return Thread(handle: handle)
    }

    /// Returns once the thread's closure has. Call exactly once, from another thread.
    package func join() {
        pthread_join(handle, nil)
    }

    /// Whether the caller is this thread.
    package var isCurrent: Bool { pthread_equal(handle, pthread_self()) != 0 }

    /// For a thread that will not be joined.
    package func detach() {
        pthread_detach(handle)
    }
}

private final class Launch: Sendable {
    let name: String
    let body: @Sendable () -> Void

    init(name: String, body: @escaping @Sendable () -> Void) {
        self.name = name
        self.body = body
    }
}

private func threadMain(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let argument else { return nil }
    let launch = Unmanaged<Launch>.fromOpaque(argument).takeRetainedValue()
    setName(launch.name)
    launch.body()
    return nil
}

/// Names the calling thread. Through /proc, since pthread_setname_np is not declared without _GNU_SOURCE; where that is
/// not mounted the thread goes unnamed.
private func setName(_ name: String) {
    let file = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
    guard file >= 0 else { return }
    defer { close(file) }
    let bytes = Array(name.utf8.prefix(15))
    _ = write(file, bytes, bytes.count)
}
