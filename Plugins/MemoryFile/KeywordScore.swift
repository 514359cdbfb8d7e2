import Foundation
import GRDB
import GRDBSQLite
import ProviderKit

/// BM25 (Robertson and Zaragoza 2009) as a function of SQLite's full-text index, which has one that weighs words over
/// all banks of the database.
///
/// Called as `bank_score(chunk_word, weights, tokens)` for a query whose first phrases are the scopes of banks and
/// whose others are words.
enum KeywordScore {
    static let function = "bank_score"
    /// How soon more of the same word say no more, and how much a chunk's length counts.
    private static let (saturation, lengthShare) = (1.2, 0.75)

    static func inverseFrequency(_ holding: Int, _ all: Int) -> Double {
        log(1 + (Double(max(0, all - holding)) + 0.5) / (Double(holding) + 0.5))
    }

    /// The function's second argument: how many banks, then of each the average length and the weights of words.
    static func weights(_ banks: [(averageTokens: Double, words: [Double])], _ counting: [Int]) -> Data {
        let numbers = banks.reduce(into: [Double(banks.count)]) { numbers, bank in
            numbers.append(bank.averageTokens)
            numbers += counting.map { bank.words[$0] }
        }
        return numbers.withUnsafeBytes { Data($0) }
    }

    /// Makes the function known to a connection.
    @Sendable static func register(_ db: Database) throws {
        var statement: OpaquePointer?
        var api: UnsafeMutablePointer<fts5_api>?
        sqlite3_prepare_v2(db.sqliteConnection, "SELECT fts5(?1)", -1, &statement, nil)
        withUnsafeMutablePointer(to: &api) { api in
            sqlite3_bind_pointer(statement, 1, api, "fts5_api_ptr", nil)
            sqlite3_step(statement)
        }
        sqlite3_finalize(statement)
        guard let api, api.pointee.xCreateFunction(api, function, nil, score, nil) == SQLITE_OK else {
            throw ProviderError(.providerUnavailable, "this SQLite has no full-text index (FTS5)")
        }
    }

    private static let score: fts5_extension_function = { extensionAPI, query, context, count, values in
        guard let api = extensionAPI?.pointee, let query, count == 2, let values,
            let blob = sqlite3_value_blob(values[0])
        else { return sqlite3_result_error(context, "bank_score wants weights and a length", -1) }
        let size = Int(sqlite3_value_bytes(values[0])) / 8
        func number(_ place: Int) -> Double { blob.loadUnaligned(fromByteOffset: 8 * place, as: Double.self) }
        let banks = size > 0 ? Int(number(0)) : 0
        let words = Int(api.xPhraseCount(query)) - banks
        guard banks > 0, words >= 0, size == 1 + banks * (1 + words) else {
            return sqlite3_result_error(context, "bank_score's weights are not the query's", -1)
        }
        var places: Int32 = 0
        var status = api.xInstCount(query, &places)
        let tokens = sqlite3_value_double(values[1])
        let sum = withUnsafeTemporaryAllocation(of: Double.self, capacity: words) { counts -> Double in
            counts.initialize(repeating: 0)
            var bank = 0
            var (phrase, column, offset): (Int32, Int32, Int32) = (0, 0, 0)
            for place in 0..<places where status == SQLITE_OK {
                status = api.xInst(query, place, &phrase, &column, &offset)
                if Int(phrase) < banks { bank = Int(phrase) } else { counts[Int(phrase) - banks] += 1 }
            }
            let start = 1 + bank * (1 + words)
            let length = saturation * (1 - lengthShare + lengthShare * tokens / number(start))
            return (0..<words).reduce(0) { sum, word in
                sum + number(start + 1 + word) * counts[word] * (saturation + 1) / (counts[word] + length)
            }
        }
        guard status == SQLITE_OK else { return sqlite3_result_error_code(context, status) }
        sqlite3_result_double(context, sum)
    }
}
