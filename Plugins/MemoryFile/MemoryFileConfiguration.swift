import Documents
import ProviderKit
import Storage

/// What may stand under `config:` of an `inline::file` entry of `memory_banks`.
struct MemoryFileConfiguration: WireRecord {
    var embeddingModel: String?
    var chunkTokens: Int
    var chunkOverlapTokens: Int
    var banksMax: Int
    var documentsPerBankMax: Int
    var documentsPerCallMax: Int
    var idsPerCallMax: Int
    var metadataBytesMax: Int
    var answerBytesMax: Int
    var pdf: PDFText.Limits
    var idempotencyHours: Int
    var idempotencyKeysMax: Int
    var storageBytesMax: Int
    var reserveBytes: Int

    static let object = Object(
        "MemoryFileConfiguration", isComponent: false, Self.init,
        Field(
            "embedding_model", \.embeddingModel, naming: "model",
            "The model whose embeddings find chunks by meaning, as an inference provider of this distribution serves it. "
                + "Absent: chunks are found by their words alone. With another model all documents get new vectors."),
        Field(
            "chunk_tokens", \.chunkTokens, default: 512, check: .within(16...8192),
            "The length of a chunk. Tokens are estimated: a word is one for each begun six bytes of it, a sign is one. "
                + "Documents that are indexed already keep their chunks."),
        Field(
            "chunk_overlap_tokens", \.chunkOverlapTokens, default: 128, check: .within(0...4096),
            "What a chunk shares with the one before it; at most half of chunk_tokens."),
        Field("banks_max", \.banksMax, default: 10_000, check: .within(1...1_000_000), "Banks in all."),
        Field(
            "documents_per_bank_max", \.documentsPerBankMax, default: 1_000_000, check: .within(1...1_000_000_000),
            "Documents of one bank; one more is refused with 507."),
        Field(
            "documents_per_call_max", \.documentsPerCallMax, default: 256, check: .within(1...10_000),
            "Documents of one create, insert or update."),
        Field(
            "ids_per_call_max", \.idsPerCallMax, default: 1_000, check: .within(1...100_000),
            "Ids of one get or delete."),
        Field(
            "metadata_bytes_max", \.metadataBytesMax, default: 65_536, check: .within(2...1_048_576),
            "The metadata of one document, as JSON."),
        Field(
            "answer_bytes_max", \.answerBytesMax, default: 32 << 20, check: .within(1...(256 << 20)),
            "Content of the documents of one get, all together; one document alone is always given."),
        Field("pdf", \.pdf, default: PDFText.Limits(), "What reading one PDF document may take."),
        Field(
            "idempotency_hours", \.idempotencyHours, default: 24, check: .within(1...8760),
            "So long the answer to a change that came with an Idempotency-Key is remembered."),
        Field(
            "idempotency_keys_max", \.idempotencyKeysMax, default: 100_000, check: .within(1...10_000_000),
            "So many such answers are remembered; the oldest go first."),
        Field(
            "storage_bytes_max", \.storageBytesMax, default: 0, check: .atLeast(0),
            "The database may not grow beyond this; 0: as far as the disk goes."),
        Field(
            "reserve_bytes", \.reserveBytes, default: 8 << 20, check: .within(0...(1 << 30)),
            "Disk space kept back, so that deleting works when the disk is full; 0: none."))
}

extension MemoryFileConfiguration {
    /// What one field's check can't see.
    func checkTogether() throws {
        guard chunkOverlapTokens * 2 <= chunkTokens else {
            throw ConfigurationError(
                "/chunk_overlap_tokens",
                "must be at most half of chunk_tokens (\(chunkTokens)), got \(chunkOverlapTokens)")
        }
    }

    var rememberedAnswers: RememberedAnswers {
        RememberedAnswers(hoursKept: idempotencyHours, countMax: idempotencyKeysMax)
    }

    var storageLimits: Store.Limits {
        var limits = Store.Limits()
        (limits.bytesMax, limits.reserveBytes) = (storageBytesMax, reserveBytes)
        return limits
    }
}

extension Check where Value == Int {
    fileprivate static func within(_ range: ClosedRange<Int>) -> Check {
        Check("in \(range.lowerBound)...\(range.upperBound)") { range.contains($0) }
    }
}
