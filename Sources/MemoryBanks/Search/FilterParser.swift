import ProviderKit

/// Reads a filter of the wire into rules.
struct FilterParser {
    private static let rulesMax = 1_000
    private static let connectives = ["and", "or", "not"]
    private static let operators = ["eq", "ne", "gt", "gte", "lt", "lte", "in", "exists", "not"]

    private var count = 0

    /// All members of the object.
    mutating func rule(_ filter: JSONObject, at field: String) throws -> MetadataFilter.Rule {
        var rules: [MetadataFilter.Rule] = []
        for member in filter.members { rules.append(try rule(member, at: field)) }
        return rules.count == 1 ? rules[0] : .all(rules)
    }

    private mutating func rule(_ member: JSONObject.Member, at field: String) throws -> MetadataFilter.Rule {
        let field = "\(field).\(member.key)"
        try countOne(field)
        switch (Self.plain(member.key), member.value) {
        case ("and", .array(let filters)): return .all(try rules(filters, at: field))
        case ("or", .array(let filters)): return .any(try rules(filters, at: field))
        case ("not", .object(let filter)): return .not(try rule(filter, at: field))
        default: break
        }
        guard !Self.looksLikeOperator(member.key) else { throw dollarRefusal(member, field) }
        guard case .object(let operators) = member.value else { return .member(member.key, .equal(member.value)) }
        return try conditions(operators, on: member.key, at: field)
    }

    private mutating func rules(_ filters: [JSON], at field: String) throws -> [MetadataFilter.Rule] {
        guard !filters.isEmpty else { throw refusal(field, "must hold at least one filter") }
        var rules: [MetadataFilter.Rule] = []
        for (index, filter) in filters.enumerated() {
            let field = "\(field)[\(index)]"
            guard case .object(let object) = filter else {
                throw refusal(field, "must be a filter, got \(filter.kind)")
            }
            rules.append(try rule(object, at: field))
        }
        return rules
    }

    // MARK: Operators of one member

    private mutating func conditions(
        _ operators: JSONObject, on key: String, at field: String
    ) throws -> MetadataFilter.Rule {
        guard !operators.members.isEmpty else {
            throw refusal(field, "must hold at least one operator; {\"eq\": {}} asks for the empty object")
        }
        var rules: [MetadataFilter.Rule] = []
        for member in operators.members {
            let field = "\(field).\(member.key)"
            try countOne(field)
            if Self.plain(member.key) == "not" {
                guard case .object(let inner) = member.value else {
                    throw refusal(field, "must be an object of operators, got \(member.value.kind)")
                }
                rules.append(.not(try conditions(inner, on: key, at: field)))
            } else {
                rules.append(.member(key, try condition(member, at: field)))
            }
        }
        return rules.count == 1 ? rules[0] : .all(rules)
    }

    private func condition(_ member: JSONObject.Member, at field: String) throws -> MetadataFilter.Condition {
        let name = Self.plain(member.key)
        switch (name, member.value) {
        case ("eq", let value): return .equal(value)
        case ("ne", let value): return .notEqual(value)
        case ("in", .array(let values)): return .oneOf(values)
        case ("exists", .bool(let value)): return .exists(value)
        case ("in", let value): throw refusal(field, "must be an array, got \(value.kind)")
        case ("exists", let value): throw refusal(field, "must be a boolean, got \(value.kind)")
        default: break
        }
        guard let comparison = MetadataFilter.Comparison(rawValue: name) else {
            throw refusal(field, "is no operator; there are \(Self.operators.joined(separator: ", "))")
        }
        guard member.value.numberValue != nil || member.value.stringValue != nil else {
            throw refusal(field, "must be a number or a string, got \(member.value.kind)")
        }
        return .compare(comparison, member.value)
    }

    // MARK: Refusals

    private mutating func countOne(_ field: String) throws {
        count += 1
        guard count <= Self.rulesMax else { throw refusal(field, "is more than the \(Self.rulesMax)th condition") }
    }

    private func dollarRefusal(_ member: JSONObject.Member, _ field: String) -> ProviderError {
        switch Self.plain(member.key) {
        case "and", "or": return refusal(field, "must be an array of filters, got \(member.value.kind)")
        case "not": return refusal(field, "must be a filter, got \(member.value.kind)")
        case let name where Self.operators.contains(name):
            return refusal(field, "belongs into the object of a member: {\"key\": {\"\(member.key)\": …}}")
        default:
            let known = (Self.connectives + Self.operators.dropLast()).joined(separator: ", ")
            return refusal(field, "is no operator; there are \(known), each also with a $")
        }
    }

    private func refusal(_ field: String, _ reason: String) -> ProviderError {
        ProviderError(.invalidRequest, "\(field) \(reason)", field: field)
    }

    /// `$` and letters. Any other key with a `$` may be one of the metadata.
    private static func looksLikeOperator(_ key: String) -> Bool {
        key.hasPrefix("$") && key.count > 1 && key.utf8.dropFirst().allSatisfy { (0x61...0x7A).contains($0 | 0x20) }
    }

    /// Without the `$` that other stores of vectors write before an operator.
    private static func plain(_ key: String) -> String { key.hasPrefix("$") ? String(key.dropFirst()) : key }
}
