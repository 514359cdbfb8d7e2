/// A closed list of words.
public protocol WireEnum: WireValue, RawRepresentable, CaseIterable, Hashable where RawValue == String {}

extension WireEnum {
    public static var schema: Schema {
        .enumeration(name: String(describing: Self.self), values: allCases.map(\.rawValue))
    }
    public var json: JSON { .string(rawValue) }
    public init(json: JSON, at path: FieldPath) throws { self = try Choice.decode(json, at: path) }
}

/// A list of words of which input may hold others too, as the names of models: the document prints the known ones.
public protocol OpenWireEnum: WireValue, RawRepresentable, ExpressibleByStringLiteral, Hashable
where RawValue == String {
    static var known: [Self] { get }
    init(rawValue: String)
}

extension OpenWireEnum {
    public static var schema: Schema {
        .enumeration(name: String(describing: Self.self), values: known.map(\.rawValue), isOpen: true)
    }
    public var json: JSON { .string(rawValue) }
    public init(stringLiteral value: String) { self.init(rawValue: value) }
    public init(json: JSON, at path: FieldPath) throws {
        let word = try String(json: json, at: path)
        try Check.identifier(word, at: path)
        self.init(rawValue: word)
    }
}

enum Choice {
    static func decode<Choice: RawRepresentable & CaseIterable>(_ json: JSON, at path: FieldPath) throws -> Choice
    where Choice.RawValue == String {
        let words = Choice.allCases.map(\.rawValue)
        let wanted =
            (words.count == 1 ? "must be " : "must be one of ") + words.map { "'\($0)'" }.joined(separator: ", ")
        guard case .string(let word) = json else { throw WireError(path, "\(wanted), got \(json.kind)") }
        if let choice = Choice(rawValue: word) { return choice }
        let close = Spelling.closest(to: word, in: words).map { " (did you mean '\($0)'?)" } ?? ""
        throw WireError(path, "\(wanted), got '\(Quote.short(word))'\(close)")
    }
}
