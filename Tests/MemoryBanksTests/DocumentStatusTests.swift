import BankFixtures
import Foundation
import ProviderKit
import Testing
import Torture

/// What the status tells of each document.
@Suite(.timeLimit(.minutes(10)))
struct DocumentStatusTests {
    private func document(_ id: String, _ bytes: [UInt8], _ mimeType: String) -> MemoryBankDocument {
        MemoryBankDocument(uuid: id, content: Base64Data(bytes), metadata: [:], mimeType: mimeType)
    }

    @Test("each document's state is told with its reason, chunks and encoding", arguments: BankKind.allCases)
    func states(_ kind: BankKind) async throws {
        try await kind.withServer { server, _ in
            let russian = try #require("Привет, мир. Это обычный текст о погоде.".data(using: .windowsCP1251))
            try await server.create(
                "bank",
                [
                    text("page", "<p>zebra", "text/html"), document("guess", Array(russian), "text/plain"),
                    document("told", [0x63, 0x61, 0x66, 0xE9], "text/plain; charset=iso-8859-1"), text("empty", ""),
                    text("deep", String(repeating: "[", count: 20_000), "application/json"),
                    text("klingon", "a", "text/plain; charset=klingon"), text("png", "a", "image/png"),
                    try pdf("locked", "encrypted"), text("a,b", "comma"),
                ])
            let status = try await server.indexed("bank")
            #expect(status.documentStatus == nil)
            #expect((status.indexed, status.notIndexed) == (4, 5))
            let asked = "page,guess,told,empty,deep,klingon,png,locked,page,nothing"
            #expect(
                try await server.status("bank", documents: asked).documentStatus == [
                    .init(uuid: "page", state: .indexed, chunks: 1),
                    .init(
                        uuid: "guess", state: .indexed, chunks: 1, encoding: "windows-1251", encodingIsGuess: true),
                    .init(uuid: "told", state: .indexed, chunks: 1, encoding: "windows-1252"),
                    .init(uuid: "empty", state: .noText, reason: "it holds no words"),
                    .init(
                        uuid: "deep", state: .unreadable, reason: "its values are nested deeper than 10000"),
                    .init(uuid: "klingon", state: .unknownEncoding, reason: "the charset 'klingon' is not known"),
                    .init(
                        uuid: "png", state: .unsupportedType,
                        reason: "documents of the type 'image/png' are not read"),
                    .init(uuid: "locked", state: .unreadable, reason: "it can't be read without a password"),
                ])
            // An id with a comma, or any other, as JSON.
            #expect(try await server.status("bank", documents: "[\"a,b\"]").documentStatus?.map(\.uuid) == ["a,b"])
            #expect(try await server.status("bank", documents: "").documentStatus == [])
        }
    }

    @Test("a PDF without text is told as one, not as indexed", arguments: BankKind.allCases)
    func blank(_ kind: BankKind) async throws {
        let objects = [
            "<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] >>",
        ]
        let body = objects.enumerated().map { "\($0.offset + 1) 0 obj\n\($0.element)\nendobj\n" }.joined()
        let page = "%PDF-1.4\n\(body)trailer\n<< /Size 4 /Root 1 0 R >>\n%%EOF\n"
        try await kind.withServer { server, _ in
            try await server.create("bank", [text("scan", page, "application/pdf")])
            let status = try await server.indexed("bank")
            #expect((status.indexed, status.notIndexed) == (0, 1))
            #expect(
                try await server.status("bank", documents: "scan").documentStatus
                    == [.init(uuid: "scan", state: .noText, reason: "it holds no words")])
        }
    }

    @Test("an update replaces what was told of a document", arguments: BankKind.allCases)
    func updated(_ kind: BankKind) async throws {
        try await kind.withServer { server, _ in
            try await server.create("bank", [text("a", "x", "image/png"), text("b", "")])
            _ = try await server.indexed("bank")
            try await server.update([text("a", "words"), text("b", "x", "image/png")], "bank")
            _ = try await server.indexed("bank")
            #expect(
                try await server.status("bank", documents: "a,b").documentStatus == [
                    .init(uuid: "a", state: .indexed, chunks: 1),
                    .init(
                        uuid: "b", state: .unsupportedType, reason: "documents of the type 'image/png' are not read"),
                ])
            _ = try await server.delete(["b"], "bank")
            try await server.insert([text("b", "words")], "bank")
            _ = try await server.indexed("bank")
            #expect(
                try await server.status("bank", documents: "b").documentStatus
                    == [.init(uuid: "b", state: .indexed, chunks: 1)])
        }
    }

    @Test("words of another encoding are found", arguments: BankKind.allCases)
    func found(_ kind: BankKind) async throws {
        try await kind.withServer { server, _ in
            let german = try #require("<meta charset=iso-8859-1><p>Die Gemüsebrühe".data(using: .isoLatin1))
            try await server.create(
                "bank",
                [document("a", Array(german), "text/html"), text("b", "{\"x\":\"M\\u00fcller\"}", "application/json")])
            _ = try await server.indexed("bank")
            for (words, id) in [("gemüsebrühe", "a"), ("müller", "b")] {
                let answer = try await server.query(
                    MemoryBankQueryRequest(bankUUIDs: ["bank"], query: .text(words), mode: .keyword))
                #expect(answer.chunks.map(\.documentUUID) == [id])
            }
        }
    }

    @Test("no more documents may be named than ids of a get")
    func tooMany() async throws {
        try await BankKind.file.withServer(config: "{ids_per_call_max: 2}") { server, _ in
            try await server.create("bank")
            let refused = await refusal { _ = try await server.status("bank", documents: "a,b,c") }
            #expect(refused?.message == "documents holds 3 ids, and ids_per_call_max is 2; send them in several calls")
        }
    }
}
