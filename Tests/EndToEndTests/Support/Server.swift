import Foundation
import LlamaStackAPI
import RawHTTP
import Testing

/// A running `llama-stack run` on a free port.
final class Server: Sendable {
    let process: ChildProcess
    let client: RawClient
    /// The one line on standard output.
    let startLine: String

    /// Starts it, waits until it is ready, and ends it after `body` in every case.
    /// - Parameter before: a line for a shell that then becomes the server.
    static func run<R>(
        _ distribution: Distribution, arguments: [String] = ["--log-level", "debug"],
        environment: [String: String] = [:], before: String? = nil, _ body: (Server) throws -> R
    ) throws -> R {
        let file = try distribution.file()
        return try run(
            file: file.path, arguments: arguments, environment: environment, before: before, body)
    }

    static func run<R>(
        file: String, arguments: [String] = ["--log-level", "debug"], environment: [String: String] = [:],
        before: String? = nil, _ body: (Server) throws -> R
    ) throws -> R {
        try Setting.requireBinary()
        let command = [Setting.binary, "run", file, "--port", "0"] + arguments
        let shell = before.map { ["/bin/sh", "-c", "\($0) && exec \"$@\"", "sh"] } ?? []
        let words = shell + command
        let process = try ChildProcess(words[0], Array(words.dropFirst()), environment: environment)
        defer { process.end() }
        do {
            return try body(try Server(process))
        } catch {
            // Once more as an issue: those carry the logs.
            Issue.record(error)
            throw error
        }
    }

    private init(_ process: ChildProcess) throws {
        self.process = process
        let end = ContinuousClock.now + .seconds(60)
        while true {
            if let newline = process.output.firstIndex(of: "\n") {
                startLine = String(process.output[..<newline])
                break
            }
            if let ended = process.wait(seconds: 0.005) {
                throw Missing("the server ended with \(ended) before it was ready:\n\(process.errors)")
            }
            guard ContinuousClock.now < end else { throw Missing("the server was not ready within 60 s") }
        }
        let address = startLine.firstMatch(of: #/^ready: http://[^ ]*:([0-9]+)  /#)
        guard let port = address.flatMap({ Int($0.1) }) else { throw Missing("no port in '\(startLine)'") }
        client = RawClient(port: port)
    }

    var port: Int { client.port }

    /// Whether it answers.
    var isAlive: Bool { (try? client.get("/health/ready"))?.status == 200 }

    /// The log's lines that hold all of these words.
    func log(_ words: String...) -> [String] {
        process.errors.split(separator: "\n").map(String.init).filter { line in words.allSatisfy(line.contains) }
    }

    /// Waits until the log has `count` such lines.
    func waitForLog(_ words: String, count: Int = 1, seconds: Double = 60) throws -> [String] {
        let end = ContinuousClock.now + .seconds(seconds)
        while true {
            let lines = log(words)
            if lines.count >= count { return lines }
            guard ContinuousClock.now < end else {
                throw Missing("no \(count) lines with '\(words)' in the log within \(seconds) s")
            }
            usleep(5000)
        }
    }

    // MARK: requests

    func post(_ path: String, _ body: JSON, seconds: Double = 60) throws -> HTTPReply {
        try client.post(path, body.bytes, seconds: seconds)
    }

    func stream(_ path: String, _ body: JSON, seconds: Double = 60) throws -> EventReader {
        try client.stream(path, body.bytes, seconds: seconds)
    }
}

extension HTTPReply {
    /// The body, or null when it is no JSON.
    var json: JSON { (try? JSON(parsing: body)) ?? .null }
    var errorCode: String? { json["detail"]?["code"]?.stringValue }
    var errorMessage: String { json["detail"]?["message"]?.stringValue ?? "" }
    var errorField: String? { json["detail"]?["field"]?.stringValue }
}

/// Runs `body` on `count` threads at the same time and gathers what they return, in order.
func concurrently<R: Sendable>(_ count: Int, _ body: @escaping @Sendable (Int) throws -> R) throws -> [R] {
    let results = Results<R>(count)
    for index in 0..<count {
        Thread.detachNewThread { results.put(index, Result { try body(index) }) }
    }
    return try results.wait().map { try $0.get() }
}

private final class Results<R: Sendable>: @unchecked Sendable {
    private let condition = NSCondition()
    private var results: [Result<R, any Error>?]

    init(_ count: Int) { results = Array(repeating: nil, count: count) }

    func put(_ index: Int, _ result: Result<R, any Error>) {
        condition.lock()
        results[index] = result
        condition.broadcast()
        condition.unlock()
    }

    /// Every thread ends: each wait in it has an end.
    func wait() -> [Result<R, any Error>] {
        condition.lock()
        defer { condition.unlock() }
        while results.contains(where: { $0 == nil }) { condition.wait() }
        return results.compactMap { $0 }
    }
}
