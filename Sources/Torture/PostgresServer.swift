import Foundation

/// A PostgreSQL server of our own, on a Unix socket in a temporary folder, which goes when this object or this
/// process does. `Scripts/fetch-postgres.sh` fetches its programs.
package final class PostgresServer: Sendable {
    package struct Failure: Error, CustomStringConvertible {
        package var description: String
    }

    package let folder: String
    private let programs: String
    private let settings: [String]
    /// Who runs it: a server refuses to be root.
    private static let user = "65534"

    /// Makes the database and starts the server. Blocks for a second.
    ///
    /// - Parameter settings: `fsync=off`, …: as they would stand in `postgresql.conf`.
    package init(settings: [String] = []) throws {
        guard let programs = Self.programs else {
            throw Failure(
                description: "there is no PostgreSQL in .build/postgres; Scripts/fetch-postgres.sh fetches it from PyPI"
            )
        }
        (self.programs, self.settings) = (programs, settings)
        // Short, because the path of a socket has 107 bytes at most.
        folder = FileManager.default.temporaryDirectory.path + "/pg-" + UUID().uuidString.prefix(8)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        if geteuid() == 0 { try Self.command(["/bin/chown", Self.user, folder]) }
        try Self.command(
            asUser([
                programs + "/initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C",
                "--no-sync",
                "--no-instructions",
            ]))
        try start()
    }

    deinit {
        kill()
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// The `config:` of a distribution, as YAML.
    package func config(schema: String, user: String = "postgres", _ more: String = "") -> String {
        "{host: \(folder), user: \(user), database: postgres, schema: \(schema)\(more.isEmpty ? "" : ", " + more)}"
    }

    private var data: String { folder + "/data" }

    /// Where a server can be started from. Root's runs as another user, who may not be let into the folder of the
    /// build: then a copy serves, which goes when this process does.
    private static let programs: String? = {
        guard let fetched else { return nil }
        return geteuid() == 0 && !isOpenToAll(fetched) ? try? copied(fetched) : fetched
    }()

    private static let inside = "/pgserver/pginstall/bin"

    /// Up from the executable, which a build leaves below `.build`.
    private static var fetched: String? {
        guard let own = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else { return nil }
        var folder = URL(fileURLWithPath: own)
        while folder.path != "/" {
            folder.deleteLastPathComponent()
            let programs = folder.path + "/postgres" + inside
            if FileManager.default.isExecutableFile(atPath: programs + "/postgres") { return programs }
        }
        return nil
    }

    private static func isOpenToAll(_ path: String) -> Bool {
        var folder = URL(fileURLWithPath: path)
        while folder.path != "/" {
            let mode = (try? FileManager.default.attributesOfItem(atPath: folder.path))?[.posixPermissions] as? Int
            guard let mode, mode & 0o001 != 0 else { return false }
            folder.deleteLastPathComponent()
        }
        return true
    }

    private static func copied(_ programs: String) throws -> String {
        let copy = FileManager.default.temporaryDirectory.path + "/pg-programs-" + UUID().uuidString.prefix(8)
        try command(["/bin/cp", "-a", String(programs.dropLast(inside.count)), copy])
        let cleaner = Process()
        cleaner.executableURL = URL(fileURLWithPath: "/bin/sh")
        cleaner.arguments = ["-c", "tail --pid=\"$0\" -f /dev/null; rm -rf \"$1\"", "\(getpid())", copy]
        // A reader of our output would wait for the end of this process, too.
        (cleaner.standardOutput, cleaner.standardError) = (FileHandle.nullDevice, FileHandle.nullDevice)
        try cleaner.run()
        return copy + inside
    }

    private func asUser(_ command: [String]) -> [String] {
        geteuid() == 0
            ? ["/usr/bin/env", "setpriv", "--reuid", Self.user, "--regid", Self.user, "--clear-groups"] + command
            : command
    }

    // MARK: Life and death

    /// Returns when it takes connections. Also after a crash: what is left of the old one is cleared away.
    package func start() throws {
        kill()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        // When this process is gone, however it ended, the server goes too. It has a parent that reaps it: us.
        let script = """
            ( (tail --pid="$0" -f /dev/null; grep -q postgres /proc/$$/comm && kill -QUIT $$) & ) 2>/dev/null
            exec "$@"
            """
        let command = [programs + "/postgres", "-D", data, "-k", folder, "-c", "listen_addresses="]
        process.arguments = ["-c", script, "\(getpid())"] + asUser(command + settings.flatMap { ["-c", $0] })
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        _ = FileManager.default.createFile(atPath: folder + "/log", contents: nil)
        process.standardError = FileHandle(forWritingAtPath: folder + "/log")
        try process.run()
        let deadline = Date(timeIntervalSinceNow: 30)
        while !isReady {
            guard process.isRunning, Date() < deadline else {
                let log = (try? String(contentsOfFile: folder + "/log", encoding: .utf8)) ?? ""
                throw Failure(description: "PostgreSQL did not start: \(log.suffix(2000))")
            }
            usleep(10_000)
        }
    }

    private var isReady: Bool { pidFile.count > 7 && pidFile[7].hasPrefix("ready") }

    private var pidFile: [Substring] {
        let text = (try? String(contentsOfFile: data + "/postmaster.pid", encoding: .utf8)) ?? ""
        return text.split(separator: "\n", omittingEmptySubsequences: false)
    }

    /// The server's first process, then its children, among them one for each connection.
    package var processes: [pid_t] {
        guard let first = pidFile.first.flatMap({ pid_t($0) }), Self.name(first)?.hasPrefix("postgres") == true else {
            return []
        }
        let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc"))?.compactMap { pid_t($0) } ?? []
        return [first] + all.filter { Self.parent($0) == first }
    }

    /// One process that serves a connection.
    package var backend: pid_t? {
        processes.dropFirst().filter {
            (try? String(contentsOfFile: "/proc/\($0)/cmdline", encoding: .utf8))?
                .contains("postgres postgres") == true
        }.randomElement()
    }

    /// SIGKILL to every process of it. Returns when they are gone.
    package func kill() {
        let processes = processes
        for process in processes { _ = Foundation.kill(process, SIGKILL) }
        while processes.contains(where: { Self.name($0)?.hasPrefix("postgres") == true }) { usleep(1000) }
        if let first = processes.first { Self.waitUntilReaped(first) }
        try? FileManager.default.removeItem(atPath: data + "/postmaster.pid")
    }

    package func killOneBackend() { backend.map { _ = Foundation.kill($0, SIGKILL) } }

    /// As `pg_ctl stop -m immediate` does.
    package func stopImmediately() {
        guard let first = processes.first else { return }
        _ = Foundation.kill(first, SIGQUIT)
        Self.waitUntilReaped(first)
    }

    /// The number of a process that is only dead looks like a living server to the next one.
    private static func waitUntilReaped(_ process: pid_t) {
        for _ in 0..<5000 where Foundation.kill(process, 0) == 0 {
            _ = waitpid(process, nil, WNOHANG)
            usleep(1000)
        }
    }

    package func pause() { for process in processes { _ = Foundation.kill(process, SIGSTOP) } }
    package func resume() { for process in processes { _ = Foundation.kill(process, SIGCONT) } }

    /// Runs SQL as an administrator would, and gives what psql prints.
    @discardableResult
    package func sql(_ text: String) throws -> String {
        try Self.command([
            programs + "/psql", "-h", folder, "-U", "postgres", "-AtqX", "-v", "ON_ERROR_STOP=1", "-c", text,
        ])
    }

    /// Runs statements, one a line and each a transaction, on the database of a server that is down.
    package func runAlone(_ statements: [String]) throws {
        let file = folder + "/statements"
        try statements.joined(separator: "\n").write(toFile: file, atomically: true, encoding: .utf8)
        let command = asUser([programs + "/postgres", "--single", "-D", data, "postgres"])
        try Self.command(["/bin/sh", "-c", "exec \"$@\" < \"$0\"", file] + command)
    }

    // MARK: Processes

    private static func name(_ process: pid_t) -> String? {
        guard stat(process)?.first != "Z" else { return nil }
        return (try? String(contentsOfFile: "/proc/\(process)/comm", encoding: .utf8))?
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private static func parent(_ process: pid_t) -> pid_t? { stat(process)?.dropFirst().first.flatMap { pid_t($0) } }

    /// The words after the name: state, parent, …
    private static func stat(_ process: pid_t) -> [Substring]? {
        guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
            let end = text.lastIndex(of: ")")
        else { return nil }
        return text[text.index(after: end)...].split(separator: " ")
    }

    @discardableResult
    package static func command(_ words: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: words[0])
        process.arguments = Array(words.dropFirst())
        let (output, errors) = (Pipe(), Pipe())
        (process.standardOutput, process.standardError) = (output, errors)
        try process.run()
        let said = output.fileHandleForReading.readDataToEndOfFile()
        let complaint = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(
                description: "'\(words.joined(separator: " "))' ended with \(process.terminationStatus): "
                    + String(decoding: complaint, as: UTF8.self))
        }
        return String(decoding: said, as: UTF8.self).trimmingCharacters(in: .newlines)
    }
}
