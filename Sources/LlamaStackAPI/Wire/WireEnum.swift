/// A value that is a word on the wire.
extension WireValue where Self: RawRepresentable, RawValue == String {
    /// Appends the word in quotes.
    public func write(to bytes: inout [UInt8]) { rawValue.write(to: &bytes) }
    /// The word in quotes.
    public func measure(_ bytesLeft: inout Int) { rawValue.measure(&bytesLeft) }
}

/// A closed list of words. The raw values are the words on the wire.
public protocol WireEnum: WireValue, RawRepresentable, CaseIterable, Hashable where RawValue == String {}

extension WireEnum {
    /// The words, in the order of the cases.
    public static var schema: Schema {
        .enumeration(name: String(describing: Self.self), values: allCases.map(\.rawValue))
    }
    /// The word.
    public var json: JSON { .string(rawValue) }
    /// Throws a ``WireError`` for any other word, with the list and a suggestion.
    public init(json: JSON, at path: FieldPath) throws { self = try Choice.decode(json, at: path) }
}

/// A list of words of which input may hold others too, as the names of models: the document prints the known ones.
public protocol OpenWireEnum: WireValue, RawRepresentable, ExpressibleByStringLiteral, Hashable
where RawValue == String {
    /// The words that the document prints, in its order. Input may have others.
    static var known: [Self] { get }
    /// Takes any word; decoding has checked that it is 1 to 200 bytes without control characters.
    init(rawValue: String)
}

extension OpenWireEnum {
    /// The known words, as an open list.
    public static var schema: Schema {
        .enumeration(name: String(describing: Self.self), values: known.map(\.rawValue), isOpen: true)
    }
    /// The word.
    public var json: JSON { .string(rawValue) }
    /// Any word, known or not.
    public init(stringLiteral value: String) { self.init(rawValue: value) }
    /// Takes any word of 1 to 200 bytes without control characters, known or not. Throws a ``WireError`` for anything
    /// else.
    public init(json: JSON, at path: FieldPath) throws {
        let word = try String(json: json, at: path)
        try Check.identifier(word, at: path)
        self.init(rawValue: word)
    }
}

enum Choice {
    static func decode<Choice: RawRepresentable & CaseIterable>(_ json: JSON, at path: FieldPath) throws -> Choice
    where Choice.RawValue == String {
        if case .string(let word) = json, let choice = Choice(rawValue: word) { return choice }
        let words = Choice.allCases.map(\.rawValue)
        let wanted =
            (words.count == 1 ? "must be " : "must be one of ") + words.map { "'\($0)'" }.joined(separator: ", ")
        guard case .string(let word) = json else { throw WireError(path, "\(wanted), got \(json.kind)") }
        let close = Spelling.closest(to: word, in: words).map { " (did you mean '\($0)'?)" } ?? ""
        throw WireError(path, "\(wanted), got '\(Quote.short(word))'\(close)")
    }
}
