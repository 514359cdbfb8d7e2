import Foundation
import MemoryBanks
import Postgres
import ProviderKit

/// The part of a ``MetadataFilter`` that the database applies before it ranks: everything that it leaves out the filter
/// refuses too, and the filter has the last word on the rest. So a search by an index never loses what only the
/// filter could find.
struct CoarseFilter: Sendable {
    /// PostgreSQL binds 65,535 in one statement; of a longer list nothing is left out.
    private static let valuesMax = 10_000

    /// Begins with ` AND `; empty when nothing can be left out. `document` is the table.
    private(set) var sql = ""
    private(set) var values: [Value]

    var isEmpty: Bool { sql.isEmpty }

    /// - Parameter values: of the statement so far: those of the filter get the numbers after them.
    init(_ filter: MetadataFilter, after values: [Value]) {
        self.values = values
        if let condition = rule(filter.rule) { sql = " AND " + condition }
    }

    /// nil: nothing can be left out by this rule.
    private mutating func rule(_ rule: MetadataFilter.Rule) -> String? {
        switch rule {
        case .member(let key, let condition): return self.condition(key, condition)
        case .all(let rules):
            let known = rules.compactMap { self.rule($0) }
            return known.isEmpty ? nil : "(" + known.joined(separator: " AND ") + ")"
        case .any(let rules):
            let before = values
            let known = rules.compactMap { self.rule($0) }
            if known.count == rules.count { return "(" + known.joined(separator: " OR ") + ")" }
            values = before
            return nil
        // What is kept too much would be left out too much.
        case .not: return nil
        }
    }

    private mutating func condition(_ key: String, _ condition: MetadataFilter.Condition) -> String? {
        switch condition {
        case .equal(let wanted): return equal(key, [wanted])
        case .oneOf(let wanted): return wanted.isEmpty ? "false" : equal(key, wanted)
        case .exists(true): return "jsonb_exists(document.filterable, \(bind(.text(Self.plain(key)))))"
        case .compare(let comparison, let bound): return compare(key, comparison, bound)
        case .exists(false), .notEqual: return nil
        }
    }

    /// A member that is the value, or an array that holds it. Containment is a little wider than equality. What is not
    /// there equals null, so null leaves nothing out.
    private mutating func equal(_ key: String, _ wanted: [JSON]) -> String? {
        guard !wanted.contains(.null), values.count + 2 * wanted.count <= Self.valuesMax else { return nil }
        let alternatives = wanted.flatMap { value in
            [value, .array([value])].map { value in
                let object = JSON.object([Self.plain(key): Self.plain(value)])
                return "document.filterable @> \(bind(.json(object.bytes)))"
            }
        }
        return "(" + alternatives.joined(separator: " OR ") + ")"
    }

    /// Texts are ordered by the database in another way than by us.
    private mutating func compare(
        _ key: String, _ comparison: MetadataFilter.Comparison, _ bound: JSON
    ) -> String? {
        let member = "document.filterable -> \(bind(.text(Self.plain(key))))"
        if case .string = bound { return "jsonb_typeof(\(member)) = 'string'" }
        // Both sides are rounded to doubles there, so what is greater may be the same.
        let sign =
            switch comparison {
            case .gt, .gte: ">="
            case .lt, .lte: "<="
            }
        return "\(member) \(sign) \(bind(.json(Self.plain(bound).bytes)))"
    }

    private mutating func bind(_ value: Value) -> String {
        values.append(value)
        return "$\(values.count)"
    }

    // MARK: What is compared

    /// Metadata in the form in which jsonb holds it: what the filter takes for the same is the same.
    static func filterable(_ metadata: [UInt8]) -> [UInt8] {
        guard let json = try? JSON(parsing: metadata) else { return JSON.object([:]).bytes }
        return plain(json).bytes
    }

    private static func plain(_ json: JSON) -> JSON {
        switch json {
        case .integer(let value): return .number(Double(value))
        case .exact(let value):
            let most = Double.greatestFiniteMagnitude
            return .number(min(max(value.doubleValue, -most), most))
        case .string(let text): return .string(plain(text))
        case .array(let items): return .array(items.map(plain))
        case .object(let object):
            var members = JSONObject()
            // Of two spellings of a key the filter sees the first.
            for member in object.members where members[plain(member.key)] == nil {
                members[plain(member.key)] = plain(member.value)
            }
            return .object(members)
        case .null, .bool, .number: return json
        }
    }

    /// Two spellings of "é" are one text to us, and U+0000 is none to PostgreSQL.
    private static func plain(_ text: String) -> String {
        if text.utf8.allSatisfy({ $0 < 0x80 && $0 != 0 }) { return text }
        return text.precomposedStringWithCanonicalMapping.replacingOccurrences(of: "\u{0}", with: "\u{FFFD}")
    }
}
