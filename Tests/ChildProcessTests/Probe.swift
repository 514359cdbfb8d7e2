import Foundation
import Synchronization
import Testing

@testable import ChildProcess

/// All suites of children: one after the other, because some count what this process has open.
@Suite(.serialized, .timeLimit(.minutes(10))) enum Children {}

/// Programs built from `Tests/Fixtures/child-process`, each once.
enum Probe {
    struct Failure: Error, CustomStringConvertible { var description: String }

    static let folder: String = {
        let folder = FileManager.default.temporaryDirectory.path + "/llama-stack-child-process-\(getpid())"
        try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        return folder
    }()
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    /// Does as its first argument says.
    static let child = Result { try build("probe") }
    /// Starts that one.
    static let host = Result { try build("host") }

    private static func build(_ name: String) throws -> String {
        let sources = ["spawn", "process", "messages"].map { "\(root)/Sources/CChildProcess/\($0).c" }
        let path = "\(folder)/\(name)"
        let (text, status) = try run(
            "/usr/bin/env",
            ["cc", "-pthread", "-I", root + "/Sources/CChildProcess/include", "-o", path]
                + ["\(root)/Tests/Fixtures/child-process/\(name).c"] + sources)
        guard status == 0 else { throw Failure(description: text) }
        return path
    }

    /// What a program writes, and its exit code, by Foundation's means.
    static func run(_ path: String, _ arguments: [String]) throws -> (text: String, status: Int32) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        let output = Pipe()
        (process.standardOutput, process.standardError) = (output, output)
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (text, process.terminationStatus)
    }
}

/// A child that runs the probe, and what it wrote.
struct Running {
    /// No other suite names its children so.
    static let label = "child-process-tests"

    let process: ChildProcess
    private let lines: Lines

    init(
        _ arguments: String..., environment: [String: String] = [:], descriptors: [Int32: Int32] = [:],
        limits: LimitPlan = LimitPlan(ResourceLimits(), groups: .unavailable), label: String = Self.label,
        niceness: Int32 = 0
    ) throws {
        let lines = Lines()
        self.lines = lines
        var options = ChildProcess.Options(
            executable: try Probe.child.get(), arguments: arguments, environment: environment,
            descriptors: descriptors, limits: limits, label: label, onLine: { lines.add($0) })
        options.niceness = niceness
        process = try ChildProcess.start(options)
    }

    /// What it wrote to standard output, at its end.
    func output() async -> [String] {
        _ = await process.exit()
        return lines.all.filter { $0.stream == .standardOutput }.map(\.text)
    }

    var linesNow: [OutputLine] { lines.all }

    /// Once it has written this many lines.
    func wait(lines count: Int) async throws {
        while lines.all.count < count {
            try await Task.sleep(for: .milliseconds(2))
        }
    }
}

final class Lines: Sendable {
    private let kept = Mutex<[OutputLine]>([])
    func add(_ line: OutputLine) { kept.withLock { $0.append(line) } }
    var all: [OutputLine] { kept.withLock { $0 } }
}

/// Returns once there is no such process, or only its zombie.
func waitForEnd(of pid: pid_t) async throws {
    while let stat = ProcessStat(pid: pid), stat.state != "Z" { try await Task.sleep(for: .milliseconds(2)) }
}
