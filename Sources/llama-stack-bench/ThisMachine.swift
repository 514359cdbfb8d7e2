import Foundation

/// The description of the machine in a measurement.
enum ThisMachine {
    static var processor: String {
        let lines = text("/proc/cpuinfo").split(separator: "\n")
        let line = lines.first { $0.hasPrefix("model name") } ?? ""
        return line.split(separator: ":", maxSplits: 1).dropFirst().first?.trimmingCharacters(in: .whitespaces)
            ?? "unknown processor"
    }

    /// The load of the last minute, this measurement included.
    static var loadAverage: Double { Double(text("/proc/loadavg").split(separator: " ").first ?? "") ?? .nan }

    fileprivate static func text(_ path: String) -> String {
        String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    }
}

/// Memory that this process holds.
enum ProcessMemory {
    static var residentBytes: Int { bytes("VmRSS:") }
    /// The most that it ever held.
    static var peakBytes: Int { bytes("VmHWM:") }

    private static func bytes(_ field: String) -> Int {
        let line = ThisMachine.text("/proc/self/status").split(separator: "\n").first { $0.hasPrefix(field) } ?? ""
        return (line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? 0) * 1024
    }
}
