import Foundation

/// A process's use of limited resources.
struct ProcessUsage: Sendable {
    var descriptors: Int
    var threads: Int
    /// Anonymous memory in use.
    var bytes: Int

    static func now() -> ProcessUsage {
        let status = ProcessFiles.lines("/proc/self/status")
        func kibibytes(_ key: String) -> Int {
            status.first { $0.hasPrefix(key) }
                .flatMap { line in line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } }
                ?? 0
        }
        return ProcessUsage(
            // One of them is the look itself.
            descriptors: ProcessFiles.numbers("/proc/self/fd").count - 1,
            threads: ProcessFiles.numbers("/proc/self/task").count, bytes: kibibytes("RssAnon:") << 10)
    }

    /// The open descriptors, and what each one is: a path, "pipe:[4711]", "anon_inode:[eventpoll]".
    static func openFiles() -> [Int32: String] {
        let folder = "/proc/self/fd"
        var files: [Int32: String] = [:]
        for number in ProcessFiles.numbers(folder) {
            // The look itself has gone by now.
            files[number] = try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\(number)")
        }
        return files
    }

    /// The processes that this one has started and not ended, by name.
    static func children() -> [String] {
        ProcessFiles.numbers("/proc/self/task").flatMap { thread in
            ProcessFiles.lines("/proc/self/task/\(thread)/children").flatMap { $0.split(separator: " ") }
        }.map { child in "\(child) (\(ProcessFiles.lines("/proc/\(child)/comm").first ?? "gone"))" }
    }
}
