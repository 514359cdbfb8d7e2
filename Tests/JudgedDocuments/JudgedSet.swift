import Foundation
import ProviderKit

/// Documents, queries and judgments; the README of each set says how they are meant.
package struct JudgedSet: Sendable {
    package struct Query: Sendable {
        package var id: String
        package var text: String
        /// Grade by document: 2 answers the query, 1 helps.
        package var judgments: [String: Int]

        package var answers: [String] { judgments.filter { $0.value == 2 }.map(\.key) }
    }

    /// A folder of `Tests/Fixtures`.
    package enum Name: String, Sendable {
        case everyday = "judged"
        case debian = "judged-debian"

        var folder: String {
            URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .appendingPathComponent("Fixtures/" + rawValue).path
        }
    }

    package let name: Name
    package var documents: [(id: String, text: String)]
    package var queries: [Query]
    package var functionWords: Set<String>

    package init(_ name: Name = .everyday) throws {
        self.name = name
        documents = try Self.records(name, "documents.jsonl").map {
            (try Self.text($0, "id"), try Self.text($0, "text"))
        }
        queries = try Self.records(name, "queries.jsonl").map { record in
            var judgments: [String: Int] = [:]
            for member in record["judgments"]?.objectValue?.members ?? [] {
                guard case .integer(let grade) = member.value else { throw Malformed(record: "\(record)") }
                judgments[member.key] = Int(grade)
            }
            return Query(
                id: try Self.text(record, "id"), text: try Self.text(record, "text"), judgments: judgments)
        }
        functionWords = Set(try Self.lines(.everyday, "function-words.txt"))
    }

    package func contentWords(_ text: String) -> Set<String> {
        let words = text.lowercased().split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }.map(String.init)
        return Set(words).subtracting(functionWords).filter { $0.count > 1 }
    }

    /// Whether a query can be told from its answers by meaning alone.
    package func sharesNoWord(_ query: Query) -> Bool {
        let words = contentWords(query.text)
        let answers = Set(query.answers)
        return documents.filter { answers.contains($0.id) }.allSatisfy { document in
            contentWords(document.text).allSatisfy { word in words.allSatisfy { !Self.isShared($0, word) } }
        }
    }

    /// Normalised discounted cumulative gain of the first ten (Järvelin and Kekäläinen 2002), gains of 2^grade − 1.
    package func gain(_ query: Query, _ found: [String]) -> Double {
        func sum(_ grades: [Int]) -> Double {
            zip(1..., grades.prefix(10)).reduce(0) { $0 + (pow(2, Double($1.1)) - 1) / log2(Double($1.0) + 1) }
        }
        return sum(found.map { query.judgments[$0] ?? 0 }) / sum(query.judgments.values.sorted(by: >))
    }

    /// nDCG@10 of each query by other searches, in the order of ``queries``; the set's README says which there are.
    package func peer(_ search: String) throws -> [Double] {
        let peers = try JSON(parsing: String(contentsOfFile: name.folder + "/peers.json", encoding: .utf8)).objectValue
        guard let gains = peers?[search]?.objectValue else { throw Malformed(record: search) }
        return try queries.map { query in
            switch gains[query.id] {
            case .number(let gain): gain
            case .integer(let gain): Double(gain)
            default: throw Malformed(record: query.id)
            }
        }
    }

    /// Every document, with metadata of one's choice by its id.
    package func rows(_ metadata: (String) -> JSONObject = { _ in [:] }) -> [MemoryBankDocument] {
        documents.map {
            MemoryBankDocument(
                uuid: $0.id, content: Base64Data(Array($0.text.utf8)), metadata: metadata($0.id),
                mimeType: "text/plain")
        }
    }

    /// Stricter than a stemmer: words that only begin alike count.
    package static func isShared(_ one: String, _ other: String) -> Bool {
        let shorter = min(one.count, other.count)
        return one == other || one.prefix(4) == other.prefix(4) && shorter >= 4
            || shorter >= 3 && one.prefix(shorter) == other.prefix(shorter)
    }

    private struct Malformed: Error { var record: String }

    private static func lines(_ set: Name, _ file: String) throws -> [String] {
        try String(contentsOfFile: set.folder + "/" + file, encoding: .utf8).split(separator: "\n").map(String.init)
    }

    private static func records(_ set: Name, _ file: String) throws -> [JSONObject] {
        try lines(set, file).map { line in
            guard let record = try JSON(parsing: line).objectValue else { throw Malformed(record: line) }
            return record
        }
    }

    private static func text(_ record: JSONObject, _ key: String) throws -> String {
        guard let text = record[key]?.stringValue, !text.isEmpty else { throw Malformed(record: "\(record)") }
        return text
    }
}
