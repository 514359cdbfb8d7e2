/// A URL as the draft has it: a string that begins with http://, https://, file:// or data:.
///
/// The document names it `URL`; here it has its own name because Foundation's would be in the way of every provider.
/// Input may also be an object `{"url": …}` or `{"uri": …}`, as other clients of that time send it.
public struct WireURL: WireValue, Hashable, CustomStringConvertible {
    /// The URL as it was given: nothing is resolved, decoded or normalised but the scheme `data:`, to small letters.
    public let string: String

    /// Throws a ``WireError`` when it has none of the four schemes.
    public init(_ string: String) throws { try self.init(string, at: .root) }

    private init(_ string: String, at path: FieldPath) throws {
        // The scheme of a data: URL is often written in capitals; nothing is asked of another server by it.
        let string =
            DataURL.isOne(string)
            ? "data:" + String(decoding: string.utf8.dropFirst("data:".utf8.count), as: UTF8.self) : string
        // By bytes: what follows may join the last slash to one character.
        guard Self.schemes.contains(where: { string.utf8.starts(with: $0.utf8) }) else {
            throw WireError(
                path,
                "must be a URL that begins with \(Self.schemes.joined(separator: ", ")), got '\(Quote.short(string))'")
        }
        self.string = string
    }

    /// The prefixes that are taken. Others are refused, and so are these in capitals but for `data:`.
    public static let schemes = ["http://", "https://", "file://", "data:"]
    /// A string with the draft's pattern; in the document the component `URL`.
    public static var schema: Schema {
        .named("URL", isComponent: true, .string(format: "uri", pattern: "^(https?://|file://|data:)"))
    }
    /// The URL as a string, also when it came as an object.
    public var json: JSON { .string(string) }
    /// The URL in quotes.
    public func measure(_ bytesLeft: inout Int) { string.measure(&bytesLeft) }
    /// The URL as it was given.
    public var description: String { string }

    /// Takes a string, or an object with the one member `url` or `uri`. Throws a ``WireError`` for anything else, and
    /// for a URL with another scheme.
    public init(json: JSON, at path: FieldPath) throws {
        switch json {
        case .string(let string): try self.init(string, at: path)
        case .object(let object) where object.members.count == 1:
            let member = object.members[0]
            guard ["url", "uri"].contains(member.key) else {
                throw WireError(path[member.key], "is not a field of a URL object; it has 'url'")
            }
            try self.init(try String(json: member.value, at: path[member.key]), at: path[member.key])
        default: throw WireError(path, "must be a URL as a string, got \(json.kind)")
        }
    }
}
