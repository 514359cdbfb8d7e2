import ProviderKit

/// The `config:` of every provider of memory banks, beside the keys of its own.
package struct BankSettings: WireRecord {
    package var embeddingModel: String?
    package var chunking: ChunkingSettings
    package var limits: BankLimits
    package var pdf: PDFText.Limits
    package var idempotency: IdempotencySettings

    package static let object = Object(
        "BankSettings", isComponent: false, Self.init,
        Field(
            "embedding_model", \.embeddingModel, naming: "model",
            "The model whose embeddings find chunks by meaning, as an inference provider of this distribution serves "
                + "it. Absent: chunks are found by their words alone. With another model all documents get new "
                + "vectors."),
        Inline(\.chunking, ChunkingSettings.object), Inline(\.limits, BankLimits.object),
        Field("pdf", \.pdf, default: PDFText.Limits(), "What reading one PDF document may take."),
        Inline(\.idempotency, IdempotencySettings.object))

    /// Problems that concern several fields.
    var problems: [ConfigurationError.Problem] { chunking.problems }
}

/// How documents are cut.
package struct ChunkingSettings: WireRecord {
    package var tokens: Int
    package var overlapTokens: Int

    package static let object = Object(
        "ChunkingSettings", isComponent: false, Self.init,
        Field(
            "chunk_tokens", \.tokens, default: 512, check: .within(16...8192),
            "The length of a chunk. Tokens are estimated: a word is one for each begun six bytes of it, a sign is one. "
                + "Documents that are indexed already keep their chunks."),
        Field(
            "chunk_overlap_tokens", \.overlapTokens, default: 128, check: .within(0...4096),
            "What a chunk shares with the one before it; at most half of chunk_tokens."))

    var chunker: Chunker { Chunker(tokens: tokens, overlap: overlapTokens) }

    var problems: [ConfigurationError.Problem] {
        guard overlapTokens * 2 > tokens else { return [] }
        let message = "must be at most half of chunk_tokens (\(tokens)), got \(overlapTokens)"
        return [ConfigurationError.Problem(pointer: "/chunk_overlap_tokens", message: message)]
    }
}

/// How much banks may hold, and calls may ask for.
package struct BankLimits: WireRecord {
    package var banksMax: Int
    package var documentsPerBankMax: Int
    package var documentsPerCallMax: Int
    package var idsPerCallMax: Int
    package var metadataBytesMax: Int
    package var answerBytesMax: Int

    package static let object = Object(
        "BankLimits", isComponent: false, Self.init,
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
            "Content of the documents of one get, all together; one document alone is always given."))
}

/// The configuration of such a provider.
package protocol BankConfiguration: WireRecord {
    var banks: BankSettings { get }
    /// The limits on reading one PDF document: those of ``banks``, unless the store allows less.
    var pdfLimits: PDFText.Limits { get }
    /// The seconds for reading one document of another type.
    var documentSecondsMax: Int { get }
    /// Problems that concern several fields, in the keys of its own.
    var problems: [ConfigurationError.Problem] { get }
}

extension BankConfiguration {
    package var pdfLimits: PDFText.Limits { banks.pdf }
    package var documentSecondsMax: Int { 30 }
    package var problems: [ConfigurationError.Problem] { [] }

    /// Throws everything that is wrong, at once.
    func checkTogether() throws {
        let problems = banks.problems + problems
        if !problems.isEmpty { throw ConfigurationError(problems) }
    }
}
