import BankFixtures
import Foundation
import Host
import ProviderKit
import Testing
import Torture

/// PDF documents in a bank.
@Suite(.timeLimit(.minutes(10)))
struct PDFTests {
    @Test("a PDF document is found by its words, and comes back byte for byte", arguments: BankKind.allCases)
    func found(_ kind: BankKind) async throws {
        try await kind.withServer { server, _ in
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
