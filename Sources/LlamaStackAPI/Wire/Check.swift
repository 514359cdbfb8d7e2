/// A condition on a decoded value beyond its type. The draft's schemas do not print it.
public struct Check<Value: WireValue>: Sendable {
    /// Completes "must be …".
    @usableFromInline let wanted: String
    /// The condition as members of a JSON Schema.
    @usableFromInline let bounds: JSONObject
    let holds: @Sendable (Value) -> Bool

    /// The part of a value that an error shows: its size in place of a large value.
    let shown: @Sendable (Value) -> String

    /// A check whose error shows the start of the value's JSON.
    ///
    /// - Parameter wanted: completes "must be …".
    /// - Parameter bounds: the same as members of a JSON Schema, for the served document.
    /// - Parameter holds: true for a value that passes. Any thread.
    public init(_ wanted: String, bounds: JSONObject = [:], _ holds: @escaping @Sendable (Value) -> Bool) {
        (self.wanted, self.bounds, self.holds) = (wanted, bounds, holds)
        shown = { Quote.short($0.json.text) }
    }

    /// A check whose error shows one part of the value, such as its count.
    ///
    /// - Parameter wanted: completes "must be …".
    /// - Parameter part: the part to show.
    /// - Parameter bounds: the same as members of a JSON Schema, for the served document.
    /// - Parameter holds: true for a value that passes. Any thread.
    public init<Part>(
        _ wanted: String, showing part: any KeyPath<Value, Part> & Sendable, bounds: JSONObject = [:],
        _ holds: @escaping @Sendable (Value) -> Bool
    ) {
        (self.wanted, self.bounds, self.holds) = (wanted, bounds, holds)
        shown = { "\($0[keyPath: part])" }
    }

    /// The same for a value that may be nil, which passes.
    @usableFromInline
    var ifPresent: Check<Value?> {
        Check<Value?>(wanted, bounds: bounds, { $0.map(holds) ?? true }, shown: { $0.map(shown) ?? "null" })
    }

    private init(
        _ wanted: String, bounds: JSONObject, _ holds: @escaping @Sendable (Value) -> Bool,
        shown: @escaping @Sendable (Value) -> String
    ) {
        (self.wanted, self.bounds, self.holds, self.shown) = (wanted, bounds, holds, shown)
    }

    @usableFromInline
    func callAsFunction(_ value: Value, at path: @autoclosure () -> FieldPath) throws {
        guard holds(value) else { throw WireError(path(), "must be \(wanted), got \(shown(value))") }
    }
}

extension Check where Value == String {
    /// Characters that are one byte each, or as many others as are never too long.
    package static let identifierBounds: JSONObject = [
        "pattern": #"^([\x20-\x7E]{1,200}|[^\x00-\x1F\x7F-\x9F]{1,50})$"#
    ]

    /// An id that a caller chose: opaque, but bounded and printable.
    public static let identifier = Check("1 to 200 bytes without control characters", bounds: identifierBounds) { id in
        guard (1...200).contains(id.utf8.count) else { return false }
        // Looking up what a character is takes longer than all else about most ids, which are of ASCII.
        return id.utf8.allSatisfy { (0x20..<0x7F).contains($0) }
            || !id.unicodeScalars.contains { $0.properties.generalCategory == .control }
    }
}

extension Check where Value: WireEnum {
    @usableFromInline
    static func constant(_ constant: Value) -> Check { Check("\"\(constant.rawValue)\"") { $0 == constant } }
}

extension Check where Value: Comparable & Numeric {
    /// Values from `least` on.
    public static func atLeast(_ least: Value) -> Check {
        Check("at least \(least)", bounds: ["minimum": bound(least)]) { $0 >= least }
    }

    public static func within(_ range: ClosedRange<Value>) -> Check {
        Check(
            "in \(range.lowerBound)...\(range.upperBound)",
            bounds: ["minimum": bound(range.lowerBound), "maximum": bound(range.upperBound)]
        ) { range.contains($0) }
    }

    /// Without a fraction where it is whole.
    private static func bound(_ value: Value) -> JSON {
        if case .number(let number) = value.json, let whole = Int64(exactly: number) {
            .integer(whole)
        } else {
            value.json
        }
    }
}

extension Check where Value: Collection {
    /// Lists of at most `count` items, which messages call by `name`: "texts".
    public static func atMost(_ count: Int, _ name: String) -> Check {
        Check("at most \(count) \(name)", showing: \.count, bounds: ["maxItems": .integer(Int64(count))]) {
            $0.count <= count
        }
    }

    /// Lists whose number of items is in `counts`.
    public static func counting(_ counts: ClosedRange<Int>, _ name: String) -> Check {
        Check(
            "\(counts.lowerBound) to \(counts.upperBound) \(name)", showing: \.count,
            bounds: ["minItems": .integer(Int64(counts.lowerBound)), "maxItems": .integer(Int64(counts.upperBound))]
        ) { counts.contains($0.count) }
    }
}

extension Check where Value == Double {
    /// Numbers above 0 and up to 1: a share that is not empty.
    public static let fraction = Check("in (0, 1]", bounds: ["exclusiveMinimum": 0, "maximum": 1]) { $0 > 0 && $0 <= 1 }
}

/// Another's text in a message of ours: bounded.
enum Quote {
    static func short(_ text: String) -> String { text.count <= 64 ? text : "\(text.prefix(64))…" }
}
