import ProviderKit

/// Which documents a query may find, by members of their metadata. All conditions must hold.
///
/// A plain value asks for that value, or for an array that holds it. An object holds operators: eq, ne, gt, gte, lt,
/// lte, in, exists.
package struct MetadataFilter: Sendable {
    package enum Condition: Sendable {
        case equal(JSON)
        case notEqual(JSON)
        case oneOf([JSON])
        case exists(Bool)
        case compare(Comparison, JSON)
    }

    package enum Comparison: String, Sendable {
        case gt, gte, lt, lte
    }

    private static let operators = ["eq", "ne", "gt", "gte", "lt", "lte", "in", "exists"]
    package let conditions: [(key: String, condition: Condition)]

    package init(_ filter: JSONObject) throws {
        var conditions: [(key: String, condition: Condition)] = []
        for member in filter.members {
            guard case .object(let operators) = member.value else {
                conditions.append((member.key, .equal(member.value)))
                continue
            }
            for operation in operators.members {
                conditions.append((member.key, try Self.condition(operation, at: "filter.\(member.key)")))
            }
        }
        self.conditions = conditions
    }

    package func accepts(_ metadata: JSONObject) -> Bool {
        conditions.allSatisfy { Self.holds($0.condition, metadata[$0.key]) }
    }

    private static func condition(_ member: JSONObject.Member, at field: String) throws -> Condition {
        let field = "\(field).\(member.key)"
        switch (member.key, member.value) {
        case ("eq", let value): return .equal(value)
        case ("ne", let value): return .notEqual(value)
        case ("in", .array(let values)): return .oneOf(values)
        case ("exists", .bool(let value)): return .exists(value)
        case ("in", let value): throw refusal(field, "must be an array, got \(value.kind)")
        case ("exists", let value): throw refusal(field, "must be a boolean, got \(value.kind)")
        default: break
        }
        guard let comparison = Comparison(rawValue: member.key) else {
            throw refusal(field, "is no operator; there are \(operators.joined(separator: ", "))")
        }
        guard member.value.number != nil || member.value.stringValue != nil else {
            throw refusal(field, "must be a number or a string, got \(member.value.kind)")
        }
        return .compare(comparison, member.value)
    }

    private static func refusal(_ field: String, _ reason: String) -> ProviderError {
        ProviderError(.invalidRequest, "\(field) \(reason)", field: field)
    }

    private static func holds(_ condition: Condition, _ value: JSON?) -> Bool {
        switch condition {
        case .equal(let wanted): value.map { isOrHolds($0, wanted) } ?? (wanted == .null)
        case .notEqual(let unwanted): !(value.map { isOrHolds($0, unwanted) } ?? (unwanted == .null))
        case .oneOf(let wanted): wanted.contains { holds(.equal($0), value) }
        case .exists(let wanted): (value != nil && value != .null) == wanted
        case .compare(let comparison, let bound): value.map { compares($0, comparison, bound) } ?? false
        }
    }

    private static func isOrHolds(_ value: JSON, _ wanted: JSON) -> Bool {
        if isSame(value, wanted) { return true }
        guard case .array(let items) = value else { return false }
        return items.contains { isSame($0, wanted) }
    }

    /// 1 and 1.0 are the same.
    private static func isSame(_ one: JSON, _ other: JSON) -> Bool {
        if let one = one.number, let other = other.number { return one == other }
        return one == other
    }

    private static func compares(_ value: JSON, _ comparison: Comparison, _ bound: JSON) -> Bool {
        if let value = value.number, let bound = bound.number { return compares(value, comparison, bound) }
        if let value = value.stringValue, let bound = bound.stringValue { return compares(value, comparison, bound) }
        return false
    }

    private static func compares<Value: Comparable>(_ value: Value, _ comparison: Comparison, _ bound: Value) -> Bool {
        switch comparison {
        case .gt: value > bound
        case .gte: value >= bound
        case .lt: value < bound
        case .lte: value <= bound
        }
    }
}

extension JSON {
    fileprivate var number: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }
}
