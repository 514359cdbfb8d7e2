import BankFixtures
import Foundation
import MemoryBanks
import MemoryFile
import MemoryPgvector
import ProviderKit
import Synchronization
import Testing

/// Who waits for whom while documents become searchable.
@Suite(.timeLimit(.minutes(10)))
struct TurnsTests {
    @Test("words are found while the model does not answer", arguments: BankKind.allCases)
    func modelThatHangs(_ kind: BankKind) async throws {
        struct Hanging: Embedder {
            let model = "hanging"
            let gate: Gate
            func embed(_ texts: [String]) async throws -> [[Float]] {
                await gate.wait()
                return texts.map { _ in [1, 0] }
            }
        }
        let gate = Gate()
        try await withFolder { state in
            try await kind.withBanks(state, Hanging(gate: gate)) { banks in
                try await banks.create("other", [text("1", "first")])
                await gate.waiter()
                try await banks.create("bank", [text("1", "second")])
                while try await banks.find("second", .keyword).chunks.isEmpty {
                    try await Task.sleep(for: .milliseconds(2))
                }
                let status = try await banks.settled(vectors: false)
                #expect(status.embeddingPending == 1)
                await gate.open()
                _ = try await banks.settled()
                _ = try await banks.settled("other")
            }
        }
    }

    @Test(
        "a bank with one document has its turn in the first batch beside one with hundreds",
        arguments: BankKind.allCases)
    func quickTurns(_ kind: BankKind) async throws {
        try await withStore(kind) { store in
            try await store.fill("large", (0..<200).map { text("\($0)", "large \($0)") })
            try await store.fill("small", [text("1", "small")])
            let seen = Noted()
            #expect(try await store.cutSome(.quick, seen) > 1)
            #expect(seen.texts.contains("small"))
            while try await store.cutSome(.quick, seen) > 0 {}
            #expect(seen.texts.count == 201)
            #expect(Set(seen.texts).count == 201)
        }
    }

    @Test(
        "a large document or a PDF that is being read holds no small one and no other bank's",
        arguments: BankKind.allCases)
    func slowBeside(_ kind: BankKind) async throws {
        try await withStore(kind) { store in
            let long = String(repeating: "x ", count: 40_000)
            let pdf = MemoryBankDocument(uuid: "pdf", content: [1], metadata: [:], mimeType: "application/pdf")
            try await store.fill("one", [pdf, text("a", "a " + long), text("b", "b " + long), text("small", "small")])
            try await store.fill("two", [text("c", "c " + long)])
            let (gate, reading, seen) = (DispatchSemaphore(value: 0), Noted(), Noted())
            async let first = store.cutSome(.slow, reading, gate)
            async let second = store.cutSome(.slow, reading, gate)
            // Both are held in the middle of their cut.
            while reading.texts.count < 2 { try await Task.sleep(for: .milliseconds(2)) }
            #expect(Set(reading.texts.map { $0.prefix(1) }) == ["\u{1}", "c"])
            #expect(try await store.cutSome(.quick, seen) == 1)
            #expect(seen.texts == ["small"])
            gate.signal()
            gate.signal()
            #expect(try await [first, second] == [1, 1])
            while try await store.cutSome(.slow, seen) > 0 {}
            #expect(seen.texts.map { $0.prefix(1) } == ["s", "a", "b"])
        }
    }

    @Test(
        "what is due for the model is taken by turns of banks, with the same tokens for each",
        arguments: BankKind.allCases)
    func embeddingTurns(_ kind: BankKind) async throws {
        try await withStore(kind, model: "m") { store in
            let words = { (count: Int) in Array(repeating: "word", count: count).joined(separator: " ") }
            try await store.fill("large", (0..<60).map { text("\($0)", words(500)) })
            try await store.fill("small", (0..<60).map { text("\($0)", words(10)) })
            try await store.fill("one", [text("1", "only")])
            while try await store.cutSome(.quick, Noted()) > 0 {}
            var after: Int64 = 0
            var (texts, tokens): (Set<String>, [Int64: Int]) = ([], [:])
            for _ in 0..<2 {
                let from = after
                let due = try await store.write(.adding) { try $0.takeDue(afterBank: from, .oneBatch) }
                after = due.lastBank
                for chunk in due.chunks {
                    texts.insert(chunk.text)
                    tokens[chunk.bank, default: 0] += chunk.text.split(separator: " ").count
                }
                _ = try await store.write(.adding) { try $0.keep(due.chunks.map { _ in [1, 0] }, of: due) }
            }
            #expect(texts.contains("only"))
            #expect(tokens.count == 3)
            #expect(tokens.values.max() ?? 0 <= 2 * (32 * 512 / 2 + 500))
            while true {
                let from = after
                let due = try await store.write(.adding) { try $0.takeDue(afterBank: from, .oneBatch) }
                if due.documents.isEmpty { break }
                after = due.lastBank
                _ = try await store.write(.adding) { try $0.keep(due.chunks.map { _ in [1, 0] }, of: due) }
            }
        }
    }

    @Test(
        "a dropped bank's documents are neither cut nor embedded, and its rows go a piece at a time",
        arguments: BankKind.allCases)
    func dropped(_ kind: BankKind) async throws {
        try await withStore(kind, model: "m") { store in
            try await store.fill("cut", (0..<600).map { text("\($0)", "cut \($0)") })
            while try await store.cutSome(.quick, Noted()) > 0 {}
            try await store.fill("new", [text("1", "new"), text("2", String(repeating: "new ", count: 40_000))])
            for bank in ["cut", "new"] { #expect(try await store.write(.freeing) { try $0.dropBank(bank) }) }
            let seen = Noted()
            #expect(try await store.cutSome(.quick, seen) == 0)
            #expect(try await store.cutSome(.slow, seen) == 0)
            #expect(seen.texts == [])
            let due = try await store.write(.adding) { try $0.takeDue(afterBank: 0, .oneBatch) }
            #expect(due.documents.isEmpty)
            while try await store.write(.freeing, { try $0.clearSome() }) {}
            #expect(try await store.read { try $0.bankCount() } == 0)
        }
    }

    // MARK: A store without the loops of a provider

    private func withStore(
        _ kind: BankKind, model: String? = nil, _ body: (any BankStore) async throws -> Void
    ) async throws {
        try await withFolder { state in
            let store: any BankStore =
                switch kind {
                case .file:
                    try await FileBanks.open(
                        MemoryFileConfiguration(json: [:], at: .root),
                        ProviderContext(providerID: "test", statePath: state), model: model)
                case .pgvector:
                    try await PostgresBanks.open(
                        postgresConfiguration(schemaName(state)), ProviderContext(providerID: "test"), model: model)
                }
            do { try await body(store) } catch {
                await store.close()
                throw error
            }
            await store.close()
        }
    }
}

extension BankStore {
    fileprivate func fill(_ bank: String, _ documents: [MemoryBankDocument]) async throws {
        let reader = DocumentReader(pdf: PDFText(limits: PDFText.Limits()), processes: nil)
        let rows = try documents.map { try DocumentRow($0, at: "", metadataBytesMax: 100, reader: reader) }
        try await write(.adding) { transaction in
            let id = try transaction.createBank(bank, bank) ?? 0
            _ = try transaction.insert(rows, into: id)
        }
    }

    /// - Parameter gate: waited for before each document is cut, after it has been noted.
    fileprivate func cutSome(_ effort: TextEffort, _ noted: Noted, _ gate: DispatchSemaphore? = nil) async throws -> Int
    {
        try await indexSome(
            effort,
            { document in
                let text = String(decoding: document.content, as: UTF8.self)
                noted.add(text)
                gate?.wait()
                return CutDocument(
                    .indexed, chunks: Chunker(tokens: 512, overlap: 0).chunks(text), note: ReadingNote())
            }, isStopped: { false })
    }
}

private final class Noted: Sendable {
    private let all = Mutex<[String]>([])
    var texts: [String] { all.withLock { $0 } }
    func add(_ text: String) { all.withLock { $0.append(text) } }
}

/// Holds callers until it is opened.
private actor Gate {
    private var isOpen = false
    private var held: [CheckedContinuation<Void, Never>] = []
    private var watchers: [CheckedContinuation<Void, Never>] = []

    func wait() async {
        guard !isOpen else { return }
        watchers.forEach { $0.resume() }
        watchers = []
        await withCheckedContinuation { held.append($0) }
    }

    /// Returns when a caller is held.
    func waiter() async {
        guard held.isEmpty else { return }
        await withCheckedContinuation { watchers.append($0) }
    }

    func open() {
        isOpen = true
        held.forEach { $0.resume() }
        held = []
    }
}
