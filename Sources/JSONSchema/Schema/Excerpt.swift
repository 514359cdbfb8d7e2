import LlamaStackAPI

/// Values as messages quote them.
enum Excerpt {
    private static let charactersMax = 60

    /// The value's JSON, cut where it is long.
    static func text(of value: JSON) -> String {
        switch value {
        case .array(let items) where items.count > 8: return "a list of \(items.count) items"
        case .object(let object) where object.members.count > 8: return "an object of \(object.members.count) members"
        case .string(let text) where text.utf8.count > 4 * charactersMax:
            return cut(JSON.string(String(text.prefix(charactersMax))).text)
        case .array, .object:
            var left = charactersMax
            return isShort(value, &left) ? value.text : value.kind
        case .null, .bool, .integer, .number, .exact, .string: return cut(value.text)
        }
    }

    /// Whether the value's text is about as short as that, without writing it.
    private static func isShort(_ value: JSON, _ left: inout Int) -> Bool {
        left -= 2
        switch value {
        case .null, .bool, .integer, .number: break
        case .exact(let decimal): left -= decimal.text.utf8.count
        case .string(let text): left -= text.utf8.count
        case .array(let items): return left > 0 && items.allSatisfy { isShort($0, &left) }
        case .object(let object):
            return left > 0
                && object.members.allSatisfy { member in
                    left -= member.key.utf8.count
                    return isShort(member.value, &left)
                }
        }
        return left > 0
    }

    private static func cut(_ text: String) -> String {
        text.count > charactersMax ? text.prefix(charactersMax) + "…" : text
    }

    /// `a`, `a or b`, `a, b or c`.
    static func alternatives(_ texts: [String]) -> String { joined(texts, "or") }

    /// `a`, `a and b`, `a, b and c`.
    static func list(_ texts: [String]) -> String { joined(texts, "and") }

    private static func joined(_ texts: [String], _ word: String) -> String {
        guard let last = texts.last, texts.count > 1 else { return texts.first ?? "" }
        return texts.dropLast().joined(separator: ", ") + " \(word) " + last
    }
}
