import ProviderKit

/// Which documents a query may find, by members of their metadata. All of its conditions must hold.
///
/// A plain value asks for that value, or for an array that holds it. An object holds operators: eq, ne, gt, gte, lt,
/// lte, in, exists, not. `and` and `or` with an array of filters and `not` with a filter stand where a member's key
/// stands. Each may be written with a `$` before it.
package struct MetadataFilter: Sendable {
    package indirect enum Rule: Sendable {
        case member(String, Condition)
        case all([Rule])
        case any([Rule])
        case not(Rule)
    }

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

    package let rule: Rule

    package init(_ filter: JSONObject) throws {
        var parser = FilterParser()
        rule = try parser.rule(filter, at: "filter")
    }

    package func accepts(_ metadata: JSONObject) -> Bool { Self.holds(rule, metadata) }

    private static func holds(_ rule: Rule, _ metadata: JSONObject) -> Bool {
        switch rule {
        case .member(let key, let condition): holds(condition, metadata[key])
        case .all(let rules): rules.allSatisfy { holds($0, metadata) }
        case .any(let rules): rules.contains { holds($0, metadata) }
        case .not(let rule): !holds(rule, metadata)
        }
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

    /// Numbers are compared by every digit: ids of 64 bits differ in the last. 1 and 1.0 are the same, also in arrays
    /// and objects.
    private static func isSame(_ one: JSON, _ other: JSON) -> Bool {
        switch (one, other) {
        case (.array(let ones), .array(let others)):
            ones.count == others.count && zip(ones, others).allSatisfy(isSame)
        case (.object(let one), .object(let other)):
            one.members.count == other.members.count
                && zip(one.members, other.members).allSatisfy { $0.key == $1.key && isSame($0.value, $1.value) }
        default: one.compared(to: other).map { $0 == 0 } ?? (one == other)
        }
    }

    private static func compares(_ value: JSON, _ comparison: Comparison, _ bound: JSON) -> Bool {
        if let order = value.compared(to: bound) { return compares(order, comparison, 0) }
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
