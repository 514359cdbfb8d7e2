extension JSON {
    /// The value as a JSON text: no white space, members in their order, the same bytes every time.
    ///
    /// Numbers that are doubles are the shortest text that reads back as the same one; others have the digits that they
    /// were read with. A double keeps its fraction, so 1.0 is written
    /// `1.0` and read back as a double. JSON has no NaN and no infinity: they are written as `null`, which this API
    /// reads as absent, so that an answer stays readable. Code that must not lose them checks before.
    public var bytes: [UInt8] {
        var writer = JSONWriter(indent: nil)
        writer.write(self, level: 0)
        return writer.bytes
    }

    /// The same bytes as ``bytes``, as a string.
    public var text: String { String(decoding: bytes, as: UTF8.self) }

    /// For people: two spaces a level, `": "` after keys, a newline at the end.
    public var prettyText: String {
        var writer = JSONWriter(indent: 2)
        writer.write(self, level: 0)
        return String(decoding: writer.bytes, as: UTF8.self) + "\n"
    }
}

struct JSONWriter {
    private(set) var bytes: [UInt8]
    private let indent: Int?

    init(indent: Int?, appendingTo bytes: [UInt8] = []) { (self.indent, self.bytes) = (indent, bytes) }

    mutating func write(_ json: JSON, level: Int) {
        switch json {
        case .null: append("null")
        case .bool(let value): append(value ? "true" : "false")
        case .integer(let value): append(String(value))
        case .number(let value): append(value.isFinite ? Self.text(value) : "null")
        case .exact(let value): append(value.text)
        case .string(let value): JSONEscape.encode(value, into: &bytes)
        case .array(let items):
            list("[", "]", items, level) { writer, item in writer.write(item, level: level + 1) }
        case .object(let object):
            list("{", "}", object.members, level) { writer, member in
                JSONEscape.encode(member.key, into: &writer.bytes)
                writer.append(writer.indent == nil ? ":" : ": ")
                writer.write(member.value, level: level + 1)
            }
        }
    }

    /// Swift's description of a double is the shortest that reads back, and valid JSON when finite.
    static func text(_ value: Double) -> String { value.description }

    private mutating func list<Item>(
        _ open: String, _ close: String, _ items: [Item], _ level: Int, _ each: (inout JSONWriter, Item) -> Void
    ) {
        append(open)
        for (index, item) in items.enumerated() {
            if index > 0 { append(",") }
            newline(level + 1)
            each(&self, item)
        }
        if !items.isEmpty { newline(level) }
        append(close)
    }

    private mutating func newline(_ level: Int) {
        guard let indent else { return }
        bytes.append(0x0A)
        bytes.append(contentsOf: repeatElement(0x20, count: indent * level))
    }

    private mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }
}
