import Foundation

/// The options of bubblewrap for a cage. It reads them from a descriptor: a command line is readable by all, and in the
/// cage too.
enum CageArguments {
    static func options(_ limits: CageLimits, filter: Int32, info: Int32) -> [String] {
        var options = [
            "--unshare-all", "--unshare-user", "--disable-userns", "--new-session", "--die-with-parent",
            "--cap-drop", "ALL", "--uid", "65534", "--gid", "65534", "--hostname", "cage", "--clearenv",
            "--seccomp", "\(filter)", "--info-fd", "\(info)",
        ]
        for (name, value) in environment { options += ["--setenv", name, value] }
        options += ["--ro-bind", "/usr", "/usr"] + rootFolders + alternatives
        for device in ["null", "urandom"] {
            options += ["--dev-bind", "/dev/\(device)", "/dev/\(device)"]
        }
        options += ["--symlink", "/proc/self/fd", "/dev/fd", "--proc", "/proc"]
        options += ["--size", "\(limits.diskBytesMax)", "--tmpfs", "/job", "--symlink", "job", "/tmp"]
        // The root is a tmpfs too, without a size.
        return options + ["--remount-ro", "/", "--chdir", "/job"]
    }

    private static let environment = [
        ("PATH", "/usr/bin"), ("HOME", "/job"), ("LANG", "C.UTF-8"), ("TZ", "UTC"), ("PYTHONHASHSEED", "0"),
        // Debian's settings of matplotlib are in /etc: without them it has its own.
        ("MPLBACKEND", "Agg"), ("MPLCONFIGDIR", FontList.folder), ("MATPLOTLIBRC", "/dev/null"),
        // A thread for each core of the machine would be above the limit on large ones.
        ("OMP_NUM_THREADS", "1"), ("OPENBLAS_NUM_THREADS", "1"),
    ]

    /// `/lib` and the like: links into /usr nearly everywhere, folders on older systems.
    private static var rootFolders: [String] {
        ["bin", "lib", "lib64"].flatMap { name in
            if let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "/\(name)") {
                return ["--symlink", target, "/\(name)"]
            }
            return FileManager.default.fileExists(atPath: "/\(name)") ? ["--ro-bind", "/\(name)", "/\(name)"] : []
        }
    }

    /// Debian's libraries of linear algebra, which numpy needs, are links to links in /etc.
    private static var alternatives: [String] {
        let folder = "/etc/alternatives"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0.hasPrefix("lib") && $0.contains(".so") }.sorted().flatMap { name -> [String] in
            let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\(name)")
            return target.map { ["--symlink", $0, "\(folder)/\(name)"] } ?? []
        }
    }
}
