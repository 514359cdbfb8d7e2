import Foundation
import ProviderKit

package func withFolder<Result>(_ body: (String) async throws -> Result) async throws -> Result {
    let folder = FileManager.default.temporaryDirectory.path + "/memory-banks-" + UUID().uuidString
    try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try await body(folder)
}

/// What the call must fail with; nil when it did not fail.
package func refusal(_ body: () async throws -> Void) async -> ProviderError? {
    do {
        try await body()
        return nil
    } catch { return error as? ProviderError }
}

package func text(
    _ id: String, _ text: String, _ mimeType: String = "text/plain", _ metadata: JSONObject = [:]
) -> MemoryBankDocument {
    MemoryBankDocument(uuid: id, content: Base64Data(Array(text.utf8)), metadata: metadata, mimeType: mimeType)
}

/// A document of Fixtures/pdf.
package func pdf(_ id: String, _ name: String) throws -> MemoryBankDocument {
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let bytes = try Data(contentsOf: tests.appendingPathComponent("Fixtures/pdf/\(name).pdf"))
    return MemoryBankDocument(
        uuid: id, content: Base64Data(Array(bytes)), metadata: [:], mimeType: "application/pdf")
}

extension [MemoryBankDocument] {
    package var texts: [String] { map { String(decoding: $0.content.bytes, as: UTF8.self) } }
}

/// Beside the test bundle, where a build leaves executables and libraries.
package let productsFolder = URL(
    fileURLWithPath: (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
).deletingLastPathComponent().path

/// Ids that would like to be something else.
package let opaqueIDs = [
    "../../etc/passwd", "/absolute", "a/b", "%2e%2e", "CON", "'; DROP TABLE bank; --", "$$", "é", "e\u{301}", " ",
    "🦙", String(repeating: "x", count: 200), "ABC", "abc", "\\", "\"", "..", ".", "~", "a\u{202E}b", "\u{430}bc",
    "file:///etc/passwd", "memory.sqlite", "C:\\x", "3F2504E0-4F89-11D3-9A0C-0305E82C3301",
    "3f2504e0-4f89-11d3-9a0c-0305e82c3301", "a%00b", "$(id)", "*", "?", "%", "_",
]
