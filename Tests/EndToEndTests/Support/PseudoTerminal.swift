import Foundation

/// A program under test at a terminal of its own, at which the test types and looks. For one thread.
final class PseudoTerminal {
    private let master: Int32
    private let pid: pid_t
    private var end: ChildProcess.End?
    /// All that came, as it came: with the sequences that steer a terminal.
    private(set) var output = ""
    private var bytes: [UInt8] = []
    private var seen = 0

    /// - Parameter environment: on top of `Setting.childEnvironment` and a terminal's name.
    init(_ executable: String, _ arguments: [String], environment: [String: String] = [:]) throws {
        var size = winsize(ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0)
        // As posix_openpt, unlockpt and ptsname do, which Glibc's module leaves out.
        master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        var (isLocked, number) = (Int32(0), Int32(0))
        guard master >= 0, ioctl(master, 0x4004_5431, &isLocked) == 0, ioctl(master, 0x8004_5430, &number) == 0 else {
            throw Missing("there is no pseudo terminal to be had: \(String(cString: strerror(errno)))")
        }
        let name = "/dev/pts/\(number)"
        _ = ioctl(master, UInt(TIOCSWINSZ), &size)
        _ = fcntl(master, F_SETFL, O_NONBLOCK)

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // The first terminal that the leader of a session opens controls it.
        posix_spawnattr_setflags(&attributes, 0x80)  // POSIX_SPAWN_SETSID
        posix_spawn_file_actions_addopen(&actions, 0, name, O_RDWR, 0)
        posix_spawn_file_actions_adddup2(&actions, 0, 1)
        posix_spawn_file_actions_adddup2(&actions, 0, 2)

        let variables = Setting.childEnvironment.merging(["TERM": "xterm"]) { $1 }.merging(environment) { $1 }
        var pid: pid_t = 0
        let result = ChildProcess.withPointers([executable] + arguments) { arguments in
            ChildProcess.withPointers(variables.map { "\($0)=\($1)" }) {
                posix_spawn(&pid, executable, &actions, &attributes, arguments, $0)
            }
        }
        self.pid = pid
        guard result == 0 else { throw Missing("can't start \(executable): \(String(cString: strerror(result)))") }
    }

    deinit {
        if end == nil, pid > 0 {
            kill(pid, SIGKILL)
            var status: Int32 = 0
            waitpid(pid, &status, 0)
        }
        close(master)
    }

    func type(_ text: String) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(master, $0.baseAddress, $0.count) }
            if count > 0 { rest = rest.dropFirst(count) } else if !read() { usleep(2000) }
        }
    }

    /// Reads until this has come, after what the last call has found; throws what came instead.
    func wait(for text: String, seconds: Double = 30) throws {
        let end = ContinuousClock.now + .seconds(seconds)
        while true {
            let rest = output.utf8.dropFirst(seen)
            if let found = String(decoding: rest, as: UTF8.self).range(of: text) {
                let all = String(decoding: rest, as: UTF8.self)
                seen += all[..<found.upperBound].utf8.count
                return
            }
            guard ContinuousClock.now < end else {
                throw Missing(
                    "no \(text.debugDescription) came, but \(String(decoding: rest, as: UTF8.self).debugDescription)")
            }
            if !read() { usleep(2000) }
        }
    }

    func waitForEnd(seconds: Double = 30) -> ChildProcess.End? {
        let limit = ContinuousClock.now + .seconds(seconds)
        while end == nil, ContinuousClock.now < limit {
            while read() {}
            var status: Int32 = 0
            if waitpid(pid, &status, WNOHANG) == pid {
                end = status & 0x7F == 0 ? .exit((status >> 8) & 0xFF) : .signal(status & 0x7F)
            } else {
                usleep(2000)
            }
        }
        while read() {}
        return end
    }

    /// False where nothing is there.
    private func read() -> Bool {
        var buffer = [UInt8](repeating: 0, count: 1 << 14)
        let count = Foundation.read(master, &buffer, buffer.count)
        guard count > 0 else { return false }
        bytes += buffer.prefix(count)
        output = String(decoding: bytes, as: UTF8.self)
        return true
    }
}
