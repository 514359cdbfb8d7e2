/// A JSON value as it stood in the text: object members keep their order, numbers every digit.
public enum JSON: Sendable, Hashable {
    /// A value of its own. As a field of a record it is read as absent.
    case null
    /// `true` or `false`; no number stands for one.
    case bool(Bool)
    /// A number without fraction and exponent that fits 64 bits.
    case integer(Int64)
    /// Any other number that is the shortest text of a double. From a parser it is finite; NaN and infinity are written
    /// as `null`.
    case number(Double)
    /// A number that neither of the two holds exactly, digit by digit.
    case exact(JSONDecimal)
    /// A text without quotes and escapes.
    case string(String)
    /// The items in order.
    case array([JSON])
    /// The members in the order of the text.
    case object(JSONObject)
}

/// The members of a JSON object, in order, each key once.
public struct JSONObject: Sendable, Hashable, ExpressibleByDictionaryLiteral {
    /// One key and its value.
    public struct Member: Sendable, Hashable {
        /// Without quotes and escapes.
        public var key: String
        /// `null` is a value too: such a member is there.
        public var value: JSON
    }

    /// In the order of the text, or of insertion.
    public private(set) var members: [Member]

    /// An object without members.
    public init() { members = [] }

    /// The members of a literal. When a key comes twice, the last value counts, at the place of the first.
    public init(dictionaryLiteral elements: (String, JSON)...) {
        members = []
        for (key, value) in elements { self[key] = value }
    }

    /// Trusts that no key comes twice; the parser has checked it.
    init(uncheckedMembers members: [Member]) { self.members = members }

    /// Trusts that `key` is new: keeps writing a record linear.
    @usableFromInline
    package mutating func append(_ key: String, _ value: JSON) { members.append(Member(key: key, value: value)) }

    func filter(_ isIncluded: (String) -> Bool) -> JSONObject {
        JSONObject(uncheckedMembers: members.filter { isIncluded($0.key) })
    }

    /// True when there are no members.
    public var isEmpty: Bool { members.isEmpty }
    /// The keys in the members' order.
    public var keys: [String] { members.map(\.key) }

    /// Linear: objects of this API are small, and order matters more than look-up.
    public subscript(key: String) -> JSON? {
        get { members.first { $0.key == key }?.value }
        set {
            let index = members.firstIndex { $0.key == key }
            switch (index, newValue) {
            case (let index?, let value?): members[index].value = value
            case (let index?, nil): members.remove(at: index)
            case (nil, let value?): members.append(Member(key: key, value: value))
            case (nil, nil): break
            }
        }
    }
}

extension JSON {
    /// The kind of value in the words of a message: "a string", "an object".
    public var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .integer, .number, .exact: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }

    /// Whether it is `null`. Comparing takes longer.
    @inlinable var isNull: Bool {
        if case .null = self { true } else { false }
    }

    /// The value of a member; nil when this is no object or has no such member.
    public subscript(key: String) -> JSON? {
        guard case .object(let object) = self else { return nil }
        return object[key]
    }

    /// The members when this is an object, else nil.
    public var objectValue: JSONObject? {
        guard case .object(let object) = self else { return nil }
        return object
    }

    /// The text when this is a string, else nil.
    public var stringValue: String? {
        guard case .string(let string) = self else { return nil }
        return string
    }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByFloatLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    /// A string.
    public init(stringLiteral value: String) { self = .string(value) }
    /// An ``integer(_:)``.
    public init(integerLiteral value: Int64) { self = .integer(value) }
    /// A boolean.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// A ``number(_:)``; it must be finite to be JSON.
    public init(floatLiteral value: Double) { self = .number(value) }
    /// An array.
    public init(arrayLiteral elements: JSON...) { self = .array(elements) }
    /// An object, in the literal's order. When a key comes twice, the last value counts.
    public init(dictionaryLiteral elements: (String, JSON)...) {
        var object = JSONObject()
        for (key, value) in elements { object[key] = value }
        self = .object(object)
    }
}
