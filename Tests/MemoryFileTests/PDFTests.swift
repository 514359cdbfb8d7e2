import Foundation
import Host
import ProviderKit
import Synchronization
import Testing
import Torture

/// PDF documents in a bank.
@Suite(.timeLimit(.minutes(2)))
struct PDFTests {
    private func pdf(_ id: String, _ name: String) throws -> MemoryBankDocument {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let bytes = try Data(contentsOf: tests.appendingPathComponent("Fixtures/pdf/\(name).pdf"))
        return MemoryBankDocument(
            uuid: id, content: Base64Data(Array(bytes)), metadata: [:], mimeType: "application/pdf")
    }

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

    @Test("hostile PDF documents are kept and not indexed, the log says why, and what comes after them is indexed")
    func hostile() async throws {
        let reasons = Mutex<[String]>([])
        let log = LogSink { line in
            if let reason = line.fields["reason"] { reasons.withLock { $0.append(reason) } }
        }
        try await withFolder { folder in
            let server = try await BankServer(state: folder, config: "{pdf: {seconds_max: 1}}", log: log)
            let names = ["cut", "encrypted", "endless-tree", "space-bomb"]
            try await server.create("bank", names.map { try pdf($0, $0) } + [text("after", "a heron")])
            let status = try await server.indexed("bank")
            #expect(status.notIndexed == 4)
            #expect(status.indexed == 1)
            #expect(try await server.get(names, "bank") == names.map { try pdf($0, $0) })
            await server.stop()
        }
        #expect(
            reasons.withLock { $0 } == [
                "it is no PDF that poppler can read", "it can't be read without a password",
                "it is no PDF that poppler can read", "poppler did not end within 1 s",
            ])
    }
}
