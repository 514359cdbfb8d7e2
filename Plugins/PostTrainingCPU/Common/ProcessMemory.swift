import Foundation

/// The memory of this process.
enum ProcessMemory {
    /// The most that was resident since the process began; 0 where that is not known.
    static var bytesPeak: Int {
        var usage = rusage()
        guard getrusage(.init(RUSAGE_SELF.rawValue), &usage) == 0 else { return 0 }
        // In KiB on Linux.
        return Int(usage.ru_maxrss) * 1024
    }
}
