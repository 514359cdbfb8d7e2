import Foundation

/// The resources of the machine that this process may use.
package enum Machine {
    /// Cores for this process, at least 1: those that it may be scheduled on, or fewer where its control group gets
    /// less time than they have.
    package static var coresUsable: Int {
        let allowed = lines(of: "/proc/self/status").first { $0.first == "Cpus_allowed_list:" }
            .flatMap { $0.count > 1 ? cores(inList: $0[1]) : nil }
        return max(1, min(allowed ?? ProcessInfo.processInfo.activeProcessorCount, coresOfQuota ?? .max))
    }

    /// Bytes that could be taken without pushing anything out to disk, by the kernel's estimate, or what the control
    /// group leaves where that is less; nil where nothing is known.
    package static var bytesFree: Int? {
        let group = MemoryGroups(lines(of: "/proc/self/cgroup")) { lines(of: $0) }
        return [bytesFreeOfMachine, group.bytesLeft].compactMap { $0 }.min()
    }

    /// Bytes that this process could have if nothing else ran: all of the machine's, or the control group's where that
    /// is less; nil where nothing is known.
    package static var bytesTotal: Int? {
        let group = MemoryGroups(lines(of: "/proc/self/cgroup")) { lines(of: $0) }
        return [bytesOfMachine("MemTotal:"), group.bytesMax].compactMap { $0 }.min()
    }

    private static var bytesFreeOfMachine: Int? { bytesOfMachine("MemAvailable:") }

    private static func bytesOfMachine(_ name: String) -> Int? {
        guard let words = lines(of: "/proc/meminfo").first(where: { $0.first == name[...] }), words.count > 1,
            let kibibytes = Int(words[1])
        else { return nil }
        let (bytes, overflow) = kibibytes.multipliedReportingOverflow(by: 1024)
        return overflow ? nil : bytes
    }

    /// `0-3,8` → 5
    static func cores(inList list: Substring) -> Int? {
        var count = 0
        for range in list.split(separator: ",") {
            let bounds = range.split(separator: "-").map { Int($0) }
            guard let first = bounds.first ?? nil, let last = bounds.last ?? nil, first <= last, last < 1 << 20 else {
                return nil
            }
            count += last - first + 1
        }
        return count
    }

    /// The control group's share of time, in cores, rounded up; nil when it has no bound.
    private static var coresOfQuota: Int? {
        func number(_ path: String) -> Double? { lines(of: path).first?.first.flatMap { Double($0) } }
        var quota: Double?
        var period: Double?
        if let unified = lines(of: "/sys/fs/cgroup/cpu.max").first, unified.count == 2 {
            (quota, period) = (Double(unified[0]), Double(unified[1]))
        } else {
            quota = number("/sys/fs/cgroup/cpu/cpu.cfs_quota_us")
            period = number("/sys/fs/cgroup/cpu/cpu.cfs_period_us")
        }
        guard let quota, let period, quota > 0, period > 0 else { return nil }
        return Int(min((quota / period).rounded(.up), 1_000_000))
    }

    /// The words of each line of a small text file; none when it can't be read. By stdio, since files of /proc say that
    /// their size is 0.
    private static func lines(of path: String) -> [[Substring]] {
        guard let file = fopen(path, "r") else { return [] }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 64 << 10)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes[..<count], as: UTF8.self).split(separator: "\n")
            .map { $0.split(whereSeparator: \.isWhitespace) }
    }
}
