import Foundation
import Host
import ProviderKit
import Torture

/// A server of memory banks on a folder of its own, which is deleted at the end.
func withServer<Result>(
    config: String = "{}", network: String = "{}", _ body: (BankServer, _ state: String) async throws -> Result
) async throws -> Result {
    try await withFolder { folder in
        let server = try await bankServer(folder, config, network: network)
        do {
            let result = try await body(server, folder)
            await server.stop()
            return result
        } catch {
            await server.stop()
            throw error
        }
    }
}

func bankServer(_ state: String, _ config: String = "{}", network: String = "{}") async throws -> BankServer {
    try await BankServer(state: state, config: config, network: network)
}

func withFolder<Result>(_ body: (String) async throws -> Result) async throws -> Result {
    let folder = FileManager.default.temporaryDirectory.path + "/memory-file-" + UUID().uuidString
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

/// Beside the test bundle, where a build leaves executables.
let productsFolder = URL(
    fileURLWithPath: (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
).deletingLastPathComponent().path
