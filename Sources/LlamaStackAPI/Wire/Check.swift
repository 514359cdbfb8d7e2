/// A condition on a decoded value beyond its type. The draft's schemas do not print it.
public struct Check<Value: WireValue>: Sendable {
    /// Completes "must be …".
    @usableFromInline let wanted: String
    let holds: @Sendable (Value) -> Bool

    /// The part of a value that an error shows: its size in place of a large value.
    let shown: @Sendable (Value) -> String

    /// A check whose error shows the start of the value's JSON.
    ///
    /// - Parameter wanted: completes "must be …".
    /// - Parameter holds: true for a value that passes. Any thread.
    public init(_ wanted: String, _ holds: @escaping @Sendable (Value) -> Bool) {
        (self.wanted, self.holds, shown) = (wanted, holds, { Quote.short($0.json.text) })
    }

    /// A check whose error shows one part of the value, such as its count.
    ///
    /// - Parameter wanted: completes "must be …".
    /// - Parameter part: the part to show.
    /// - Parameter holds: true for a value that passes. Any thread.
    public init<Part>(
        _ wanted: String, showing part: any KeyPath<Value, Part> & Sendable,
        _ holds: @escaping @Sendable (Value) -> Bool
    ) {
        (self.wanted, self.holds, shown) = (wanted, holds, { "\($0[keyPath: part])" })
    }

    @usableFromInline
    func callAsFunction(_ value: Value, at path: @autoclosure () -> FieldPath) throws {
        guard holds(value) else { throw WireError(path(), "must be \(wanted), got \(shown(value))") }
    }
}

extension Check where Value == String {
    /// An id that a caller chose: opaque, but bounded and printable.
    public static let identifier = Check("1 to 200 bytes without control characters") { id in
        (1...200).contains(id.utf8.count) && !id.unicodeScalars.contains { $0.properties.generalCategory == .control }
    }
}

extension Check where Value: Comparable & Numeric {
    /// Values from `least` on.
    public static func atLeast(_ least: Value) -> Check { Check("at least \(least)") { $0 >= least } }

    public static func within(_ range: ClosedRange<Value>) -> Check {
        Check("in \(range.lowerBound)...\(range.upperBound)") { range.contains($0) }
    }
}

extension Check where Value == Double {
    /// Numbers above 0 and up to 1: a share that is not empty.
    public static let fraction = Check("in (0, 1]") { $0 > 0 && $0 <= 1 }
}

/// Another's text in a message of ours: bounded.
enum Quote {
    static func short(_ text: String) -> String { text.count <= 64 ? text : "\(text.prefix(64))…" }
}
