public enum MemoryBanks {
    public static let deleteDocuments = Endpoint<MemoryBankQuery, [String], [String], Nothing>(
        .memoryBanks, "delete_documents", .post, "/memory_bank/delete",
        aliases: [EndpointDescription.Route(.delete, "/memory_bank/delete", bodyParameter: "document_uuids")],
        isJSONLines: true, routingKey: .resource(.parameter("bank_uuid")), summary: "Delete documents of a bank.",
        rules: "Answers the uuids that were really deleted, in the request's order.")

    public static let getDocuments = Endpoint<MemoryBankQuery, [String], [MemoryBankDocument], Nothing>(
        .memoryBanks, "get_documents", .post, "/memory_bank/get",
        aliases: [EndpointDescription.Route(.get, "/memory_bank/get", bodyParameter: "document_uuids")],
        isJSONLines: true, routingKey: .resource(.parameter("bank_uuid")), bodyBytesMax: BodyLimits.documentsBytesMax,
        summary: "Read documents of a bank.", rules: "Answers in the request's order; unknown ones are left out.")

    public static let insert = Endpoint<MemoryBankQuery, [MemoryBankDocument], Nothing, Nothing>(
        .memoryBanks, "insert", .post, "/memory_bank/insert", routingKey: .resource(.parameter("bank_uuid")),
        bodyBytesMax: BodyLimits.documentsBytesMax, summary: "Add documents to a bank: all, or none.")

    public static let update = Endpoint<MemoryBankQuery, [MemoryBankDocument], Nothing, Nothing>(
        .memoryBanks, "update", .post, "/memory_bank/update", routingKey: .resource(.parameter("bank_uuid")),
        bodyBytesMax: BodyLimits.documentsBytesMax, summary: "Replace documents of a bank: all, or none.")

    public static let create = Endpoint<MemoryBankCreateQuery, [MemoryBankDocument], Nothing, Nothing>(
        .memoryBanks, "create", .post, "/memory_banks/create", routingKey: .creation(.parameter("bank_uuid")),
        bodyBytesMax: BodyLimits.documentsBytesMax,
        summary: "Create a bank with documents.")

    public static let drop = Endpoint<MemoryBankQuery, Nothing, String, Nothing>(
        .memoryBanks, "drop", .delete, "/memory_banks/drop", routingKey: .resource(.parameter("bank_uuid")),
        summary: "Delete a bank and its documents.", rules: "Answers the bank's uuid.")

    public static let list = Endpoint<Nothing, Nothing, [MemoryBank], Nothing>(
        .memoryBanks, "list", .get, "/memory_banks/get", isJSONLines: true, routingKey: .all, summary: "List the banks."
    )

    public static let status = Endpoint<MemoryBankQuery, Nothing, MemoryBankStatus, Nothing>(
        .memoryBanks, "status", .get, "/memory_bank/status", routingKey: .resource(.parameter("bank_uuid")),
        isExtension: true,
        summary: "How far a bank is searchable.")

    public static let query = Endpoint<Nothing, MemoryBankQueryRequest, MemoryBankQueryResponse, Nothing>(
        .memoryBanks, "query", .post, "/memory_bank/query", routingKey: .resource(.field("bank_uuids")),
        isExtension: true, summary: "Find chunks of documents.")

    static let all = [
        deleteDocuments.description, getDocuments.description, insert.description, update.description,
        create.description, drop.description, list.description, status.description, query.description,
    ]
}
