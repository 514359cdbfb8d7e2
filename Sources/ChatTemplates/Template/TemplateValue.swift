import LlamaStackAPI

/// A caller's value for a chat template: JSON with its key order kept.
///
/// Text in `.string` (and every map key) is untrusted: it reaches the prompt, but never as a control token.
/// `.control` is for what the server itself says: the begin-of-text token, the name of a role.
package enum TemplateValue: Sendable, Equatable {
    case null
    case bool(Bool)
    case int(Int)
    case double(Double)
    /// A number that neither of the two holds: its digits.
    case exact(JSONDecimal)
    case string(String)
    case list([TemplateValue])
    case map(TemplateMap)
    /// Text that may hold control tokens.  Never made from anything that a client, a tool or a model said.
    case control(String)
    /// A value whose texts are a message's: the prompt remembers the place of that message in the conversation.
    indirect case said(TemplateValue, message: Int)
}

/// An object whose keys keep the order in which they were added.
package struct TemplateMap: Sendable, Equatable {
    package struct Entry: Sendable, Equatable {
        package let key: String
        package var value: TemplateValue
    }

    package private(set) var entries: [Entry] = []
    private var places: [String: Int] = [:]

    package init() {}

    /// A later entry with the same key replaces the value and keeps the first one's place.
    package init(_ pairs: [(String, TemplateValue)]) {
        for (key, value) in pairs { self[key] = value }
    }

    package var isEmpty: Bool { entries.isEmpty }
    package var count: Int { entries.count }

    /// Setting nil removes the key.
    package subscript(key: String) -> TemplateValue? {
        get { places[key].map { entries[$0].value } }
        set {
            switch (places[key], newValue) {
            case (let place?, let value?): entries[place].value = value
            case (nil, let value?):
                places[key] = entries.count
                entries.append(Entry(key: key, value: value))
            case (_?, nil):
                entries.removeAll { $0.key == key }
                places = [:]
                for (place, entry) in entries.enumerated() { places[entry.key] = place }
            case (nil, nil): break
            }
        }
    }

    package static func == (left: Self, right: Self) -> Bool { left.entries == right.entries }
}

extension TemplateMap: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, TemplateValue)...) { self.init(elements) }
}
extension TemplateValue: ExpressibleByStringLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByNilLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(arrayLiteral elements: TemplateValue...) { self = .list(elements) }
    package init(dictionaryLiteral elements: (String, TemplateValue)...) { self = .map(TemplateMap(elements)) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(integerLiteral value: Int) { self = .int(value) }
    package init(floatLiteral value: Double) { self = .double(value) }
    package init(nilLiteral: ()) { self = .null }
}
