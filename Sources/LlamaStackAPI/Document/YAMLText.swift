extension JSON {
    /// The value as a YAML 1.2 document in block style, two spaces a level. Any YAML reader, of 1.1 too, gives the same
    /// value back: a string that could be taken for something else is quoted, keys too.
    package var yamlText: String {
        var writer = YAMLWriter()
        writer.write(self, level: 0)
        return writer.text
    }
}

private struct YAMLWriter {
    private(set) var text = ""

    mutating func write(_ json: JSON, level: Int) {
        switch json {
        case .object(let object) where !object.isEmpty:
            for (index, member) in object.members.enumerated() {
                if index > 0 || level == 0 { indent(level) }
                text += "\(Self.scalar(member.key)):"
                child(member.value, level: level)
            }
        case .array(let items) where !items.isEmpty:
            for (index, item) in items.enumerated() {
                if index > 0 || level == 0 { indent(level) }
                text += item.isBlock ? "- " : "-"
                if item.isBlock { write(item, level: level + 1) } else { child(item, level: level) }
            }
        default: text += "\(Self.inline(json))\n"
        }
    }

    /// Writes a value behind a colon or a dash.
    private mutating func child(_ json: JSON, level: Int) {
        guard json.isBlock else {
            text += " \(Self.inline(json))\n"
            return
        }
        text += "\n"
        indent(level + 1)
        write(json, level: level + 1)
    }

    private mutating func indent(_ level: Int) { text += String(repeating: "  ", count: level) }

    private static func inline(_ json: JSON) -> String {
        guard case .string(let string) = json else { return json.text }
        return scalar(string)
    }

    /// Plain only when it begins with a letter or a slash, is made of letters, digits and a few harmless signs, and
    /// is no word that some YAML reads as a boolean or null. Everything else as JSON writes it, which is YAML.
    private static func scalar(_ string: String) -> String {
        let isHarmless = string.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
            default: "_-/. ,;()+".utf8.contains(byte)
            }
        }
        let first = string.utf8.first ?? 0
        let begins = first == 0x2F || (0x41...0x5A).contains(first) || (0x61...0x7A).contains(first)
        let isPlain = isHarmless && begins && !string.hasSuffix(" ") && !reserved.contains(string.lowercased())
        return isPlain ? string : JSON.string(string).text
    }

    private static let reserved: Set<String> = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"]
}

extension JSON {
    /// Written over several lines.
    fileprivate var isBlock: Bool {
        switch self {
        case .object(let object): !object.isEmpty
        case .array(let items): !items.isEmpty
        default: false
        }
    }
}
