import CChildProcess
import CProcessProbe
import Foundation
import LlamaStackAPI

/// The process of one check, seen from outside: started, watched, and killed with all that it started when its time is
/// up.
struct CheckChild {
    /// Results and output beyond this are not kept.
    static let bytesMax = 8 << 20

    let setup: ChildSetup
    let secondsMax: Double
    var executable: String?
    var environment: [String: String] = [:]

    /// Blocks until the process is gone. The thread must not end before.
    func run() -> ChildReport {
        var pipes: [Pipes] = []
        for _ in 0..<3 {
            guard let pipe = Pipes() else {
                pipes.forEach { $0.closeAll() }
                return ChildReport(end: .notStarted("no pipe: \(Self.lastError)"), lines: [], output: [], errors: [])
            }
            pipes.append(pipe)
        }
        defer { pipes.forEach { $0.closeAll() } }
        let child = start(output: pipes[0].writing, errors: pipes[1].writing, results: pipes[2].writing)
        guard child.pid > 0 else {
            return ChildReport(
                end: .notStarted(String(cString: strerror(child.error))), lines: [], output: [], errors: [])
        }
        defer { close(child.pidfd) }
        for index in pipes.indices { pipes[index].closeWriting() }
        let isInTime = watch(child, &pipes)
        // Its own children are killed with it.
        kill(-child.pid, SIGKILL)
        var status: Int32 = 0
        while waitpid(child.pid, &status, 0) < 0, errno == EINTR {}
        for index in pipes.indices { pipes[index].drain() }
        let end: ChildReport.End =
            if !isInTime { .timedOut(secondsMax) } else if status & 0x7f != 0 { .signal(status & 0x7f) } else {
                .exit(status >> 8 & 0xff)
            }
        return ChildReport(end: end, lines: pipes[2].bytes, output: pipes[0].bytes, errors: pipes[1].bytes)
    }

    private func start(output: Int32, errors: Int32, results: Int32) -> ccp_child {
        let path = executable ?? Self.ownExecutable
        var environment = ProcessInfo.processInfo.environment.merging(self.environment) { $1 }
        environment["SWIFT_BACKTRACE"] = "enable=no"
        let arguments = [path] + ChildSetup.command + [setup.text(parent: getpid())]
        return Self.withCStrings(arguments) { argv in
            Self.withCStrings(environment.map { "\($0.key)=\($0.value)" }) { envp in
                let placed = [
                    ccp_descriptor(from: output, to: 1), ccp_descriptor(from: errors, to: 2),
                    ccp_descriptor(from: results, to: Int32(PP_RESULTS)),
                ]
                return placed.withUnsafeBufferPointer { placed in
                    var child = ccp_child()
                    var options = ccp_options()
                    (options.path, options.argv, options.environment) = (argv.pointee, argv, envp)
                    (options.descriptors, options.descriptor_count) = (placed.baseAddress, placed.count)
                    options.group_folder = -1
                    ccp_spawn(&options, &child)
                    return child
                }
            }
        }
    }

    /// False when the time was up before the process had ended.
    private func watch(_ child: ccp_child, _ pipes: inout [Pipes]) -> Bool {
        let end = ContinuousClock.now + .seconds(secondsMax)
        while true {
            let left = (end - .now) / .milliseconds(1)
            guard left > 0 else { return false }
            var waiting = pipes.filter(\.isOpen).map { pollfd(fd: $0.reading, events: Int16(POLLIN), revents: 0) }
            waiting.append(pollfd(fd: child.pidfd, events: Int16(POLLIN), revents: 0))
            _ = poll(&waiting, nfds_t(waiting.count), Int32(min(left + 1, 1000)))
            for index in pipes.indices { pipes[index].drain() }
            if waiting.last?.revents ?? 0 != 0 { return true }
        }
    }

    static var ownExecutable: String {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "/proc/self/exe"
    }

    private static var lastError: String { String(cString: strerror(errno)) }

    private static func withCStrings<Result>(
        _ texts: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Result
    ) -> Result {
        let copies = texts.map { strdup($0) }
        defer { copies.forEach { free($0) } }
        var pointers = copies.map { UnsafePointer($0) } + [nil]
        return pointers.withUnsafeMutableBufferPointer { buffer in
            guard let first = buffer.baseAddress else {
                preconditionFailure("the list ends with nil, so it is not empty")
            }
            return body(first)
        }
    }
}

/// A pipe whose end for reading never blocks, and what has come through it.
private struct Pipes {
    let reading: Int32
    private(set) var writing: Int32
    private(set) var isOpen = true
    private(set) var bytes: [UInt8] = []

    init?() {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return nil }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        (reading, writing) = (ends[0], ends[1])
        _ = fcntl(reading, F_SETFL, O_NONBLOCK)
    }

    mutating func closeWriting() {
        close(writing)
        writing = -1
    }

    mutating func drain() {
        var buffer = [UInt8](repeating: 0, count: 65536)
        while isOpen {
            let count = read(reading, &buffer, buffer.count)
            if count > 0 {
                if bytes.count < CheckChild.bytesMax { bytes += buffer[..<count] }
            } else if count == 0 {
                isOpen = false
            } else if errno != EINTR {
                return
            }
        }
    }

    func closeAll() {
        close(reading)
        if writing >= 0 { close(writing) }
    }
}
