import Foundation

/// The folders below which this process may make control groups for its children, one for each controller that it can
/// use. Version 2 where it has the controller, else version 1.
package struct ControlGroups: Sendable {
    package enum Controller: String, Sendable, CaseIterable { case memory, cpu, pids }

    struct Base: Sendable, Equatable {
        var version: Int
        var folder: String
    }

    var bases: [Controller: Base] = [:]
    /// Why a controller can't be used.
    var refusals: [Controller: String] = [:]

    /// For limits that are to be held without.
    package static let unavailable = ControlGroups()

    /// Found at the first use. What a host that was killed left in these folders is ended and removed. In a group
    /// of version 2 that this process has for itself it moves into a group below: one that has processes can't have
    /// limited groups beside them.
    package static let own = ControlGroups(
        places(
            mounts: ProcFile.read("/proc/self/mountinfo") ?? "", memberships: ProcFile.read("/proc/self/cgroup") ?? ""))

    package init() {}

    /// Whether groups of this process can have limits of that kind.
    package func holds(_ controller: Controller) -> Bool { bases[controller] != nil }

    init(_ places: Places) {
        let failures = places.version2.map { Self.enable(in: $0) } ?? [:]
        for controller in Controller.allCases {
            if let folder = places.version2, failures[controller] == "" {
                bases[controller] = Base(version: 2, folder: folder)
            } else if let folder = places.version1[controller] {
                bases[controller] = Base(version: 1, folder: folder)
            } else {
                refusals[controller] = failures[controller] ?? "this system mounts no such controller"
            }
        }
        for folder in Set(bases.values.map(\.folder)) { StaleGroups.remove(in: folder) }
        for (controller, base) in bases {
            guard let refusal = Self.trial(in: base.folder) else { continue }
            bases[controller] = nil
            refusals[controller] = refusal
        }
    }

    /// Makes a folder and removes it: the one sure way to know whether it can be done. nil when it can.
    private static func trial(in folder: String) -> String? {
        let path = folder + "/" + StaleGroups.name(label: "trial")
        guard mkdir(path, 0o755) == 0 else { return "\(folder): \(errorText(errno))" }
        rmdir(path)
        return nil
    }

    /// Lets groups below `folder` have limits. Of each controller that it has: why not, or nothing when they can.
    private static func enable(in folder: String) -> [Controller: String] {
        let has = Set(
            (ProcFile.read(folder + "/cgroup.controllers") ?? "").split { $0 == " " || $0 == "\n" }.map(String.init))
        var answer: [Controller: String] = [:]
        for controller in Controller.allCases where has.contains(controller.rawValue) {
            let file = folder + "/cgroup.subtree_control"
            var failure = ProcFile.write(file, "+\(controller.rawValue)")
            if failure == EBUSY, moveAside(from: folder) { failure = ProcFile.write(file, "+\(controller.rawValue)") }
            answer[controller] = failure == 0 ? "" : "\(file): \(errorText(failure))"
        }
        return answer
    }

    /// Moves this process, if it is the only one of `folder`, into a group below it.
    private static func moveAside(from folder: String) -> Bool {
        let members = (ProcFile.read(folder + "/cgroup.procs") ?? "").split(separator: "\n")
        guard members.count == 1, members.first == "\(getpid())" else { return false }
        let path = folder + "/" + StaleGroups.name(label: "host")
        guard mkdir(path, 0o755) == 0 else { return false }
        return ProcFile.write(path + "/cgroup.procs", "0") == 0
    }

    // MARK: Reading /proc

    struct Places: Sendable, Equatable {
        var version1: [Controller: String] = [:]
        var version2: String?
    }

    /// Where the groups of this process are mounted.
    static func places(mounts: String, memberships: String) -> Places {
        var places = Places()
        let own = memberships.split(separator: "\n").map {
            $0.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        }
        for line in mounts.split(separator: "\n") {
            let halves = line.split(separator: " - ", maxSplits: 1)
            guard let mount = halves.first?.split(separator: " "), let system = halves.last?.split(separator: " "),
                halves.count == 2, mount.count > 4, system.count > 2
            else { continue }
            let (root, point) = (unescaped(mount[3]), unescaped(mount[4]))
            let names = system[2].split(separator: ",").map(String.init)
            for membership in own where membership.count == 3 {
                let controllers = membership[1].split(separator: ",").map(String.init)
                guard let folder = below(point, root: root, path: String(membership[2])) else { continue }
                if system[0] == "cgroup2", membership[0] == "0", controllers.isEmpty {
                    places.version2 = places.version2 ?? folder
                } else if system[0] == "cgroup", !controllers.isEmpty, Set(controllers).isSubset(of: names) {
                    for name in controllers {
                        guard let controller = Controller(rawValue: name) else { continue }
                        places.version1[controller] = places.version1[controller] ?? folder
                    }
                }
            }
        }
        return places
    }

    /// A mount shows the hierarchy from its `root` on. nil when `path` is not below it.
    private static func below(_ point: String, root: String, path: String) -> String? {
        guard !path.split(separator: "/").contains("..") else { return nil }
        if path == "/" && root == "/" || path == root { return point }
        if root == "/" { return point + path }
        return path.hasPrefix(root + "/") ? point + path.dropFirst(root.count) : nil
    }

    /// mountinfo writes a space as \040.
    private static func unescaped(_ text: Substring) -> String {
        [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")].reduce(String(text)) { text, pair in
            text.replacingOccurrences(of: pair.0, with: pair.1)
        }
    }
}

/// Groups whose host was killed.
enum StaleGroups {
    private static let prefix = "llama-stack-"

    /// "llama-stack-PID.START-LABEL". A pid alone would not do: the hosts of a container all have the same.
    static func name(label: String) -> String {
        let started = ProcessStat(pid: getpid())?.started ?? 0
        let safe = label.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") ? $0 : "_" }
        return "\(prefix)\(getpid()).\(started)-\(String(safe.prefix(64)))"
    }

    static func remove(in folder: String) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
            guard name.hasPrefix(prefix), let owner = owner(of: name) else { continue }
            if ProcessStat(pid: owner.pid)?.started == owner.started { continue }
            let path = folder + "/" + name
            for _ in 0..<20 where rmdir(path) != 0 && errno == EBUSY {
                ControlGroup.killMembers(of: path)
                usleep(5_000)
            }
        }
    }

    static func owner(of name: String) -> (pid: pid_t, started: UInt64)? {
        let parts = name.dropFirst(prefix.count).prefix { $0 != "-" }.split(separator: ".")
        guard parts.count == 2, let pid = pid_t(parts[0]), let started = UInt64(parts[1]) else { return nil }
        return (pid, started)
    }
}
