import Foundation
import Synchronization

/// A process under test. Its standard output and error go to files, so that nothing it says is lost or blocks it.
final class ChildProcess: Sendable {
    enum End: Equatable, Sendable, CustomStringConvertible {
        case exit(Int32)
        case signal(Int32)

        var description: String {
            switch self {
            case .exit(let code): "exit code \(code)"
            case .signal(let number): "signal \(number)"
            }
        }
    }

    let pid: pid_t
    private let name: String
    private let folder: TemporaryFolder
    private let ended = Mutex<End?>(nil)

    private var outputPath: String { folder.path + "/output" }
    private var errorPath: String { folder.path + "/errors" }

    /// - Parameters:
    ///   - input: what its standard input holds.
    ///   - environment: on top of `Setting.childEnvironment`.
    init(
        _ executable: String, _ arguments: [String], input: String = "", environment: [String: String] = [:]
    ) throws {
        name = "\(URL(fileURLWithPath: executable).lastPathComponent) \(arguments.joined(separator: " "))"
        folder = try TemporaryFolder()
        let inputPath = try folder.write(Array(input.utf8), "input")
        let variables = Setting.childEnvironment.merging(environment) { $1 }.map { "\($0)=\($1)" }
        let output = folder.path + "/output"
        let errors = folder.path + "/errors"

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, inputPath, O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT | O_APPEND, 0o600)

        var pid: pid_t = 0
        let result = Self.withPointers([executable] + arguments) { arguments in
            Self.withPointers(variables) { posix_spawn(&pid, executable, &actions, nil, arguments, $0) }
        }
        guard result == 0 else { throw Missing("can't start \(executable): \(String(cString: strerror(result)))") }
        self.pid = pid
        Self.living.withLock { $0[pid] = self }
    }

    var output: String { Self.text(outputPath) }
    var errors: String { Self.text(errorPath) }

    var isRunning: Bool { poll() == nil }

    /// What it has computed so far, all threads together.
    func processorSeconds() throws -> Double {
        let text = try String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
        // After the name, which may hold anything: the state is field 3, times are fields 14 and 15.
        let fields = text[(text.lastIndex(of: ")") ?? text.startIndex)...].split(separator: " ").dropFirst()
        let ticks = fields.dropFirst(11).prefix(2).compactMap { Double($0) }.reduce(0, +)
        return ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// The processes that it has started and that still run.
    func children() throws -> [pid_t] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task").flatMap { thread in
            let text = Self.text("/proc/\(pid)/task/\(thread)/children")
            return text.split(whereSeparator: \.isWhitespace).compactMap { pid_t($0) }
        }
    }

    func send(_ signal: Int32) { if isRunning { Foundation.kill(pid, signal) } }

    /// nil: it still runs after `seconds`.
    func wait(seconds: Double) -> End? {
        let end = ContinuousClock.now + .seconds(seconds)
        while true {
            if let ended = poll() { return ended }
            guard ContinuousClock.now < end else { return nil }
            usleep(2000)
        }
    }

    /// Ends it at once, if it still runs, and closes its files. To be called in every case.
    func end() {
        if isRunning {
            Foundation.kill(pid, SIGKILL)
            _ = wait(seconds: 10)
        }
        Self.living.withLock { _ = $0.removeValue(forKey: pid) }
    }

    /// The memory that it holds, in bytes.
    var residentBytes: Int {
        let fields = Self.text("/proc/\(pid)/statm").split(separator: " ")
        return fields.count > 1 ? (Int(fields[1]) ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE))) : 0
    }

    private func poll() -> End? {
        ended.withLock { ended in
            guard ended == nil else { return ended }
            var status: Int32 = 0
            guard waitpid(pid, &status, WNOHANG) == pid else { return nil }
            ended = status & 0x7F == 0 ? .exit((status >> 8) & 0xFF) : .signal(status & 0x7F)
            return ended
        }
    }

    // MARK: logs of those that still live

    private static let living = Mutex<[pid_t: ChildProcess]>([:])

    static func logsOfLiving() -> [String] {
        living.withLock { Array($0.values) }.sorted { $0.pid < $1.pid }.map { child in
            let lines = child.errors.split(separator: "\n", omittingEmptySubsequences: false).suffix(30)
            return "\(child.name), process \(child.pid), said:\n\(lines.joined(separator: "\n"))"
        }
    }

    private static func text(_ path: String) -> String {
        String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    }

    /// The strings as C wants them: a null ends the list.
    static func withPointers<R>(
        _ strings: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> R
    ) -> R {
        var pointers: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        return pointers.withUnsafeMutableBufferPointer { buffer in
            guard let start = buffer.baseAddress else { preconditionFailure("a list with its null is never empty") }
            return body(start)
        }
    }
}
