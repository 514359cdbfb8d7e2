import CProviderABI
import ContractBridge
import Foundation
import LlamaStackAPI

extension KeepingFlow {
    private func document(_ id: String, _ text: String) -> JSON {
        [
            "uuid": .string(id), "content": .string(Data(text.utf8).base64EncodedString()),
            "metadata": ["from": "conformance"],
            "mime_type": "text/plain",
        ]
    }

    func banks() throws(CheckFailure) {
        let bank: JSON = ["bank_uuid": .string(samples.id)]
        let naming: JSON = ["bank_uuid": .string(samples.id), "bank_name": "conformance"]
        let first = document("first", "The quick brown fox jumps over the lazy dog.")
        try tell("get_documents", "of a bank that there is not") { () throws(CheckFailure) in
            try refuse(LSP_NOT_FOUND, "get_documents", ["first"], bank)
        }
        guard try tell("create", "", { () throws(CheckFailure) in try ask("create", [first], naming) }) else { return }
        try tell("create", "of one that there is") { () throws(CheckFailure) in
            try refuse(LSP_CONFLICT, "create", [first], naming)
        }
        try tell("list") { () throws(CheckFailure) in
            let banks = Self.lines(try ask("list")).compactMap { $0["uuid"]?.stringValue }
            guard banks.contains(samples.id) else { throw CheckFailure("list does not have the bank that was made") }
        }
        try documents(bank, first)
        try searching(bank)
        try deleting(bank)
        try tell("drop") { () throws(CheckFailure) in
            guard (try? JSON(parsing: try ask("drop", nil, bank).body))?.stringValue == samples.id else {
                throw CheckFailure("drop must answer the bank's uuid")
            }
        }
        for method in ["get_documents", "delete_documents"] {
            try tell(method, "of a bank that was dropped") { () throws(CheckFailure) in
                try refuse(LSP_NOT_FOUND, method, ["first"], bank)
            }
        }
        try tell("insert", "into a bank that was dropped") { () throws(CheckFailure) in
            try refuse(LSP_NOT_FOUND, "insert", [first], bank)
        }
        try tell("drop", "of one that was dropped") { () throws(CheckFailure) in
            try refuse(LSP_NOT_FOUND, "drop", nil, bank)
        }
    }

    private func documents(_ bank: JSON, _ first: JSON) throws(CheckFailure) {
        let second = document("second", "Pack my box with five dozen liquor jugs.")
        try tell("insert") { () throws(CheckFailure) in try ask("insert", [second], bank) }
        try tell("insert", "of a document that there is") { () throws(CheckFailure) in
            try refuse(LSP_CONFLICT, "insert", [second], bank)
        }
        try tell("get_documents") { () throws(CheckFailure) in
            let found = Self.lines(try ask("get_documents", ["second", "missing", "first"], bank))
            guard found.map({ $0["uuid"]?.stringValue }) == ["second", "first"] else {
                throw CheckFailure(
                    "get_documents must answer the known documents in the request's order, got \(ids(found))")
            }
            guard found.last?["content"] == first["content"] else {
                throw CheckFailure("get_documents answered other bytes than create was given")
            }
        }
        try tell("update") { () throws(CheckFailure) in
            try ask("update", [document("second", "Sphinx of black quartz, judge my vow.")], bank)
        }
    }

    private func searching(_ bank: JSON) throws(CheckFailure) {
        try tell("status") { () throws(CheckFailure) in
            let end = ContinuousClock.now + .seconds(context.seconds)
            // Documents are found once they are indexed.
            while (try? JSON(parsing: try ask("status", nil, bank).body))?["pending"] != 0, ContinuousClock.now < end {
                Thread.sleep(forTimeInterval: 0.02)
            }
        }
        try tell("query") { () throws(CheckFailure) in
            try ask("query", ["bank_uuids": [.string(samples.id)], "query": "quick fox"])
        }
    }

    private func deleting(_ bank: JSON) throws(CheckFailure) {
        try tell("delete_documents") { () throws(CheckFailure) in
            let gone = Self.lines(try ask("delete_documents", ["first", "missing"], bank)).map(\.stringValue)
            guard gone == ["first"] else {
                throw CheckFailure("delete_documents must answer the uuids that were really deleted, wanted first")
            }
        }
        try tell("get_documents", "of one that was deleted") { () throws(CheckFailure) in
            let found = Self.lines(try ask("get_documents", ["first"], bank))
            guard found.isEmpty else { throw CheckFailure("get_documents still answers a document that was deleted") }
        }
    }

    private func ids(_ documents: [JSON]) -> String {
        Quote.line(documents.map { $0["uuid"]?.stringValue ?? "?" }.joined(separator: ", "))
    }
}
