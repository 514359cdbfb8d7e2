import Foundation
import Synchronization
import Testing

@testable import Host

/// Libraries built from `Tests/Fixtures/broken-providers/provider.c`, one for each set of macros.
enum ProbeLibrary {
    struct Failure: Error, CustomStringConvertible { var description: String }

    private static let built = Mutex<[String: String]>([:])
    static let folder: String = {
        let folder = FileManager.default.temporaryDirectory.path + "/llama-stack-probes-\(getpid())"
        try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        return folder
    }()

    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    /// The path of the library, built once for each set of macros.
    static func build(_ macros: String...) throws -> String {
        try build(macros, source: root + "/Tests/Fixtures/broken-providers/provider.c")
    }

    /// - Parameter more: what else the compiler is told.
    static func build(_ macros: [String], source: String, more: [String] = []) throws -> String {
        try built.withLock { built in
            let key = source + (macros + more).joined(separator: " ")
            if let path = built[key] { return path }
            let path = "\(folder)/libprovider-probe-\(built.count).so"
            try compile(macros, source, more, path)
            built[key] = path
            return path
        }
    }

    private static func compile(_ macros: [String], _ source: String, _ more: [String], _ path: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments =
            ["cc", "-shared", "-fPIC", "-pthread", "-I", root + "/Sources/CProviderABI/include", "-o", path]
            + macros.map { "-D" + $0 } + [source] + more
        let errors = Pipe()
        process.standardError = errors
        try process.run()
        let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure(description: text) }
    }
}

/// A log that a test can read.
final class LogRecord: Sendable {
    private let kept = Mutex<[LogLine]>([])
    var sink: LogSink { LogSink { line in self.kept.withLock { $0.append(line) } } }
    var lines: [LogLine] { kept.withLock { $0 } }
    func contains(_ text: String) -> Bool { lines.contains { $0.message.contains(text) } }
}

/// A distribution written in a test.
func distribution(
    _ yaml: String, environment: [String: String] = [:], directory: String = "/nowhere"
) throws(StartFailure) -> Manifest {
    try Manifest.parse(Array(yaml.utf8), file: "test.yaml", directory: directory, environment: environment)
}

/// The failure that `body` must end with.
func failure(_ body: () async throws -> Void) async -> StartFailure? {
    do {
        try await body()
        return nil
    } catch {
        return error as? StartFailure
    }
}
