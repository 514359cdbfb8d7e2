import Foundation

/// A control group with a limit on memory, for processes under test. It goes when its last owner does.
final class MemoryGroup: Sendable {
    private let path: String

    /// nil where this process may not make one: that takes root, and a hierarchy that is writable.
    init?(bytesMax: Int) {
        let name = "llama-stack-e2e-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        for (folder, limits) in Self.hierarchies {
            let path = "\(folder)/\(name)"
            guard mkdir(path, 0o755) == 0 else { continue }
            // The first must be there; the other, which counts swapped pages too, need not.
            guard Self.write("\(bytesMax)", to: "\(path)/\(limits[0])") else {
                rmdir(path)
                continue
            }
            _ = Self.write("\(bytesMax)", to: "\(path)/\(limits[1])")
            self.path = path
            return
        }
        return nil
    }

    deinit {
        // Its processes have ended, and may still be on their way out.
        for _ in 0..<200 where rmdir(path) != 0 { usleep(10_000) }
    }

    /// A line for a shell that puts itself, and what it starts, into the group.
    var entry: String { "echo $$ > \(path)/cgroup.procs" }

    private static let hierarchies = [
        ("/sys/fs/cgroup/memory", ["memory.limit_in_bytes", "memory.memsw.limit_in_bytes"]),
        ("/sys/fs/cgroup", ["memory.max", "memory.swap.max"]),
    ]

    private static func write(_ text: String, to file: String) -> Bool {
        let descriptor = open(file, O_WRONLY)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return Foundation.write(descriptor, text, text.utf8.count) == text.utf8.count
    }
}
