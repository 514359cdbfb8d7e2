import Foundation
import Host
import ProviderKit
import Testing
import Torture

/// PDF documents in a bank.
@Suite(.timeLimit(.minutes(10)))
struct PDFTests {
    @Test("a PDF document is found by its words, and comes back byte for byte")
    func found() async throws {
        try await withServer { server, _ in
            let document = try pdf("a", "pages")
            try await server.create("bank", [document, text("b", "no such beast")])
            let status = try await server.indexed("bank")
            #expect(status.indexed == 2)
            let answer = try await server.query(MemoryBankQueryRequest(bankUUIDs: ["bank"], query: "dragon harbours"))
            #expect(answer.chunks.map(\.documentUUID) == ["a"])
            #expect(answer.chunks.first?.text.contains("café") == true)
            #expect(try await server.get(["a"], "bank") == [document])
        }
    }
}

/// A document of Fixtures/pdf.
func pdf(_ id: String, _ name: String) throws -> MemoryBankDocument {
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let bytes = try Data(contentsOf: tests.appendingPathComponent("Fixtures/pdf/\(name).pdf"))
    return MemoryBankDocument(
        uuid: id, content: Base64Data(Array(bytes)), metadata: [:], mimeType: "application/pdf")
}
