import Foundation

/// Facts about a process from /proc. A child that is not dumpable shows `proportionalBytes` and `descriptors` to root
/// alone.
package struct ProcessFacts: Sendable, Equatable {
    package var residentBytes: Int
    package var peakResidentBytes: Int
    /// Anonymous and shared memory: what it can't give back, other than pages of files.
    package var heldBytes: Int
    /// PSS: pages that several processes share count in parts.
    package var proportionalBytes: Int?
    package var threads: Int
    package var descriptors: Int?

    /// nil when there is no such process, or a zombie. With `isWhole` false the costly two (PSS, descriptors) are left
    /// out.
    package init?(pid: pid_t, isWhole: Bool = true) {
        guard let status = ProcFile.read("/proc/\(pid)/status"), let resident = Self.bytes("VmRSS", status) else {
            return nil
        }
        residentBytes = resident
        peakResidentBytes = Self.bytes("VmHWM", status) ?? resident
        heldBytes = (Self.bytes("RssAnon", status) ?? 0) + (Self.bytes("RssShmem", status) ?? 0)
        threads = ProcFile.number("Threads", in: status) ?? 1
        guard isWhole else { return }
        proportionalBytes = ProcFile.read("/proc/\(pid)/smaps_rollup").flatMap { Self.bytes("Pss", $0) }
        descriptors = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd"))?.count
    }

    /// Anonymous and shared memory, where what several share counts in parts.
    static func proportionalHeldBytes(pid: pid_t) -> Int? {
        guard let text = ProcFile.read("/proc/\(pid)/smaps_rollup"), let anonymous = bytes("Pss_Anon", text) else {
            return nil
        }
        return anonymous + (bytes("Pss_Shmem", text) ?? 0)
    }

    private static func bytes(_ key: String, _ text: String) -> Int? {
        ProcFile.number(key, in: text).map { $0 * 1024 }
    }
}
