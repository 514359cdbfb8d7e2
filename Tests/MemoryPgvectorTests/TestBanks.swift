import Foundation
import Host
import JudgedDocuments
import ProviderKit
import Synchronization
import Testing
import Torture

@testable import MemoryPgvector

/// The server of this process, for all tests that do not break it. Each test has a schema of its own in it.
enum SharedServer {
    private static let server = Result { try PostgresServer(settings: ["fsync=off", "max_connections=300"]) }

    static func get() throws -> PostgresServer { try server.get() }
}

/// Lets two tests at a time have a server: how soon one answers is part of what is tested.
actor Turns {
    static let shared = Turns()
    private var left = 2
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func begin() async {
        if left > 0 {
            left -= 1
        } else {
            await withCheckedContinuation { waiting.append($0) }
        }
    }

    func end() {
        if waiting.isEmpty { left += 1 } else { waiting.removeFirst().resume() }
    }
}

/// A schema is named after the folder that stands for the instance, so that a second start finds what the first has left.
func bankServer(_ state: String, _ config: String = "{}", schema: String? = nil) async throws -> BankServer {
    let more = config.dropFirst().dropLast()
    return try await BankServer(
        state: state, config: try SharedServer.get().config(schema: schema ?? schemaName(state), String(more)),
        provider: "remote::pgvector")
}

func schemaName(_ folder: String) -> String {
    "t_" + folder.suffix(12).lowercased().map { $0.isLetter || $0.isNumber ? String($0) : "_" }.joined()
}

func withServer<Result>(
    config: String = "{}", _ body: (BankServer, _ state: String) async throws -> Result
) async throws -> Result {
    try await withFolder { folder in
        await Turns.shared.begin()
        let outcome: Swift.Result<Result, any Error>
        do { outcome = .success(try await withRunningServer(folder, config, body)) } catch { outcome = .failure(error) }
        await Turns.shared.end()
        return try outcome.get()
    }
}

private func withRunningServer<Result>(
    _ folder: String, _ config: String, _ body: (BankServer, _ state: String) async throws -> Result
) async throws -> Result {
    let server = try await bankServer(folder, config)
    do {
        let result = try await body(server, folder)
        await server.stop()
        return result
    } catch {
        await server.stop()
        throw error
    }
}

func withFolder<Result>(_ body: (String) async throws -> Result) async throws -> Result {
    let folder = FileManager.default.temporaryDirectory.path + "/memory-pgvector-" + UUID().uuidString
    try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try await body(folder)
}

/// What the call must fail with; nil when it did not fail.
func refusal(_ body: () async throws -> Void) async -> CallError? {
    do {
        try await body()
        return nil
    } catch { return error as? CallError }
}

func text(_ id: String, _ text: String, _ mimeType: String = "text/plain", _ metadata: JSONObject = [:])
    -> MemoryBankDocument
{
    MemoryBankDocument(uuid: id, content: Base64Data(Array(text.utf8)), metadata: metadata, mimeType: mimeType)
}

extension [MemoryBankDocument] {
    var texts: [String] { map { String(decoding: $0.content.bytes, as: UTF8.self) } }
}

/// Beside the test bundle, where a build leaves libraries.
let productsFolder = URL(
    fileURLWithPath: (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
).deletingLastPathComponent().path
