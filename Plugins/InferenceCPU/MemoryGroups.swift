/// The control groups that this process is in, from its own up to the root, as far as they bound memory: of version 2,
/// and the memory hierarchy of version 1.
struct MemoryGroups {
    /// The words of each line of a file; none when there is no such file.
    typealias Lines = (_ path: String) -> [[Substring]]

    private let lines: Lines
    private let groups: [Group]

    private struct Group {
        let folder: String
        let limit: String
        let usage: String
        /// From memory.stat: pages of files that are freed when memory is short.
        let reclaimable: Substring
    }

    /// - Parameter memberships: the lines of /proc/self/cgroup.
    init(_ memberships: [[Substring]], _ lines: @escaping Lines) {
        self.lines = lines
        groups = memberships.flatMap { words -> [Group] in
            // 4:memory:/a/b or 0::/a/b
            let fields = words.joined(separator: " ").split(
                separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { return [] }
            if fields[1].isEmpty {
                return Self.folders("/sys/fs/cgroup", fields[2]).map {
                    Group(folder: $0, limit: "memory.max", usage: "memory.current", reclaimable: "inactive_file")
                }
            }
            guard fields[1].split(separator: ",").contains("memory") else { return [] }
            return Self.folders("/sys/fs/cgroup/memory", fields[2]).map {
                Group(
                    folder: $0, limit: "memory.limit_in_bytes", usage: "memory.usage_in_bytes",
                    reclaimable: "total_inactive_file")
            }
        }
    }

    /// The memory that the tightest limit leaves; nil when there is no limit.
    var bytesLeft: Int? {
        groups.compactMap { group in
            guard let limit = number("\(group.folder)/\(group.limit)"),
                let used = number("\(group.folder)/\(group.usage)")
            else { return nil }
            let statistics = lines("\(group.folder)/memory.stat")
            let files = statistics.first { $0.first == group.reclaimable }?.last.flatMap { Int($0) } ?? 0
            return max(0, limit - max(0, used - files))
        }.min()
    }

    /// The tightest limit; nil when there is none.
    var bytesMax: Int? { groups.compactMap { number("\($0.folder)/\($0.limit)") }.min() }

    /// nil too for `max`, and for what version 1 says where there is no limit.
    private func number(_ path: String) -> Int? {
        lines(path).first?.first.flatMap { Int($0) }.flatMap { $0 < 1 << 60 ? $0 : nil }
    }

    /// The group's folder and those above it. In a container the path may be the host's: only what is there counts.
    private static func folders(_ root: String, _ path: Substring) -> [String] {
        var parts = path.split(separator: "/")
        var folders: [String] = []
        while true {
            folders.append(([Substring(root)] + parts).joined(separator: "/"))
            if parts.isEmpty { return folders }
            parts.removeLast()
        }
    }
}
