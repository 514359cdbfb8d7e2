import Foundation

/// Files of the kernel, which have no size and are read whole and written at once.
enum ProcFile {
    static func read(_ path: String) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = Foundation.read(file, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return nil }
            guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
            bytes.append(contentsOf: buffer[..<count])
        }
    }

    /// 0 or an errno.
    static func write(_ path: String, _ text: String) -> Int32 {
        let file = open(path, O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return errno }
        defer { close(file) }
        let bytes = Array(text.utf8)
        return Foundation.write(file, bytes, bytes.count) == bytes.count ? 0 : errno
    }

    /// The number after `key` at the beginning of a line: "VmHWM:\t  1234 kB", "oom_kill 2".
    static func number(_ key: String, in text: String) -> Int? {
        for line in text.split(separator: "\n") where line.hasPrefix(key) {
            let rest = line.dropFirst(key.count)
            guard let separator = rest.first, separator == " " || separator == "\t" || separator == ":" else {
                continue
            }
            return rest.drop { $0 == ":" || $0 == " " || $0 == "\t" }.split(separator: " ").first.flatMap { Int($0) }
        }
        return nil
    }
}

/// A line of /proc/PID/stat.
struct ProcessStat {
    var state: Character
    var group: pid_t
    var threads: Int
    var parent: pid_t
    /// The computing of the process and of the children that it has waited for.
    var computedTicks: UInt64
    /// In ticks since the machine started: with the pid, what tells a process from a later one of the same pid.
    var started: UInt64

    init?(pid: pid_t) {
        guard let text = ProcFile.read("/proc/\(pid)/stat"), let name = text.lastIndex(of: ")") else { return nil }
        // The name may hold spaces and brackets. From field 3 on there are none.
        let fields = text[text.index(after: name)...].split { $0 == " " || $0 == "\n" }
        guard fields.count > 19, let state = fields[0].first, let parent = pid_t(fields[1]),
            let group = pid_t(fields[2]), let threads = Int(fields[17]),
            let started = UInt64(fields[19])
        else { return nil }
        (self.state, self.group, self.threads, self.started) = (state, group, threads, started)
        self.parent = parent
        computedTicks = fields[11...14].reduce(0) { $0 + (UInt64($1) ?? 0) }
    }
}
