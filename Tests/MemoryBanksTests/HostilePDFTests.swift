import BankFixtures
import Foundation
import Host
import ProviderKit
import Synchronization
import Testing
import Torture

/// What a PDF document may not do.
@Suite(.timeLimit(.minutes(10)))
struct HostilePDFTests {
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
        // Two are read at a time.
        #expect(
            reasons.withLock { $0.sorted() } == [
                "it can't be read without a password", "it is no PDF that poppler can read",
                "it is no PDF that poppler can read", "poppler did not end within 1 s",
            ])
    }
}
