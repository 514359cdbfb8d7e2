/// The endpoints of `memory_banks`. Where several providers serve it, the host finds the one that has the bank.
public enum MemoryBanks {
    /// Deletes documents and answers the ids that were deleted, as JSON Lines. Also served as DELETE.
    public static let deleteDocuments = Endpoint<MemoryBankQuery, [String], [String], Nothing>(
        .memoryBanks, "delete_documents", .post, "/memory_bank/delete",
        aliases: [EndpointDescription.Route(.delete, "/memory_bank/delete", bodyParameter: "document_uuids")],
        isJSONLines: true, routingKey: .resource(.parameter("bank_uuid")), summary: "Delete documents of a bank.",
        rules: "Answers the uuids that were really deleted, in the request's order.")

    /// Answers the documents with the body's ids, as JSON Lines. Also served as GET with the ids in the query.
    public static let getDocuments = Endpoint<MemoryBankQuery, [String], [MemoryBankDocument], Nothing>(
        .memoryBanks, "get_documents", .post, "/memory_bank/get",
        aliases: [EndpointDescription.Route(.get, "/memory_bank/get", bodyParameter: "document_uuids")],
        isJSONLines: true, routingKey: .resource(.parameter("bank_uuid")), bodyBytesMax: BodyLimits.documentsBytesMax,
        summary: "Read documents of a bank.", rules: "Answers in the request's order; unknown ones are left out.")

    /// Adds documents; its answer is empty. One that exists already fails all.
    public static let insert = Endpoint<MemoryBankQuery, [MemoryBankDocument], Nothing, Nothing>(
        .memoryBanks, "insert", .post, "/memory_bank/insert", routingKey: .resource(.parameter("bank_uuid")),
        bodyBytesMax: BodyLimits.documentsBytesMax, summary: "Add documents to a bank: all, or none.")

    /// Replaces documents; its answer is empty. One that does not exist fails all.
    public static let update = Endpoint<MemoryBankQuery, [MemoryBankDocument], Nothing, Nothing>(
        .memoryBanks, "update", .post, "/memory_bank/update", routingKey: .resource(.parameter("bank_uuid")),
        bodyBytesMax: BodyLimits.documentsBytesMax, summary: "Replace documents of a bank: all, or none.")

    /// Creates a bank with the body's documents, which may be none; its answer is empty.
    public static let create = Endpoint<MemoryBankCreateQuery, [MemoryBankDocument], Nothing, Nothing>(
        .memoryBanks, "create", .post, "/memory_banks/create", routingKey: .creation(.parameter("bank_uuid")),
        bodyBytesMax: BodyLimits.documentsBytesMax,
        summary: "Create a bank with documents.")

    /// Deletes a bank with its documents and answers its id.
    public static let drop = Endpoint<MemoryBankQuery, Nothing, String, Nothing>(
        .memoryBanks, "drop", .delete, "/memory_banks/drop", routingKey: .resource(.parameter("bank_uuid")),
        summary: "Delete a bank and its documents.", rules: "Answers the bank's uuid.")

    /// Answers the banks of all providers, as JSON Lines.
    public static let list = Endpoint<Nothing, Nothing, [MemoryBank], Nothing>(
        .memoryBanks, "list", .get, "/memory_banks/get", isJSONLines: true, routingKey: .all, summary: "List the banks."
    )

    /// Answers how far a bank is searchable, and each of the documents that the query names. Not in the draft.
    public static let status = Endpoint<MemoryBankStatusQuery, Nothing, MemoryBankStatus, Nothing>(
        .memoryBanks, "status", .get, "/memory_bank/status", routingKey: .resource(.parameter("bank_uuid")),
        isExtension: true,
        summary: "How far a bank is searchable.")

    /// Answers the chunks that fit a query best. Not in the draft. The first of `bank_uuids` decides the provider.
    public static let query = Endpoint<Nothing, MemoryBankQueryRequest, MemoryBankQueryResponse, Nothing>(
        .memoryBanks, "query", .post, "/memory_bank/query", routingKey: .resource(.field("bank_uuids")),
        isExtension: true, summary: "Find chunks of documents.")

    static let all = [
        deleteDocuments.description, getDocuments.description, insert.description, update.description,
        create.description, drop.description, list.description, status.description, query.description,
    ]
}
