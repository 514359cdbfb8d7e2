import CProcessProbe
import Foundation

/// Where in this process the library's code lies.
struct LibraryMapping: Sendable {
    var start: UInt
    var end: UInt
    var name: String

    /// nil when it is not loaded.
    static func of(_ library: String) -> LibraryMapping? {
        guard
            let path = realpath(library, nil).map({ pointer in
                defer { free(pointer) }
                return String(cString: pointer)
            })
        else { return nil }
        var start = UInt.max, end: UInt = 0
        for line in ProcessFiles.lines("/proc/self/maps") where line.hasSuffix(" " + path) {
            let range = line.prefix { $0 != " " }.split(separator: "-")
            guard range.count == 2, let low = UInt(range[0], radix: 16), let high = UInt(range[1], radix: 16) else {
                continue
            }
            (start, end) = (min(start, low), max(end, high))
        }
        guard end > start else { return nil }
        return LibraryMapping(start: start, end: end, name: URL(fileURLWithPath: path).lastPathComponent)
    }

    /// A crash in it is named by its offset from here on.
    func nameForCrashes() { pp_name_library(start, end, strdup(name)) }

    /// The threads of this process that run the library's code, by name.
    func threads() -> [String] {
        ProcessFiles.numbers("/proc/self/task").filter { pp_thread_runs_in($0, start, end) == 1 }.map { thread in
            ProcessFiles.lines("/proc/self/task/\(thread)/comm").first ?? "\(thread)"
        }
    }
}

/// Reads files of /proc.
enum ProcessFiles {
    static func lines(_ path: String) -> [String] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return [] }
        defer { close(file) }
        // They have no size, and come a page at a time.
        var bytes: [UInt8] = [], buffer = [UInt8](repeating: 0, count: 65536)
        while case let count = read(file, &buffer, buffer.count), count > 0 { bytes += buffer[..<count] }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    /// The entries of a folder that are numbers.
    static func numbers(_ folder: String) -> [Int32] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).compactMap { Int32($0) }.sorted()
    }
}
