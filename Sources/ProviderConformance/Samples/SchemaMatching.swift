import Foundation
import LlamaStackAPI

extension Schema {
    /// Whether a request may hold `json` here, by the schema alone. The decoders are tested against it.
    package func matches(_ json: JSON) -> Bool {
        switch (self, json) {
        case (.any, _), (.boolean, .bool), (.object, .object): true
        case (.integer(let least, let most), .integer(let value)): value >= least ?? .min && value <= most ?? .max
        case (.integer, .number(let value)): Int64(exactly: value) != nil
        case (.number(let least, let most), _):
            json.numberValue.map { $0.isFinite && $0 >= least ?? -.infinity && $0 <= most ?? .infinity } ?? false
        case (.string(let format, let pattern, let encoding), .string(let text)):
            Self.matches(text, format: format, pattern: pattern, encoding: encoding)
        case (.array(let item, let uniqueItems, _), .array(let items)):
            items.allSatisfy(item.matches) && (!uniqueItems || Set(items).count == items.count)
        case (.map(let value), .object(let object)): object.members.allSatisfy { value.matches($0.value) }
        case (.enumeration(_, let values, let isOpen), .string(let word)): isOpen || values.contains(word)
        case (.constant(let value), .string(let word)): value == word
        case (.oneOf(let members), _), (.anyOf(let members), _): members.contains { $0.matches(json) }
        // Not in the draft's schema, but taken.
        case (.named("URL", _, let schema), .object(let object)) where object.members.count == 1:
            ["url", "uri"].contains(object.keys[0]) && schema.matches(object.members[0].value)
        case (.named(_, _, let schema), _): schema.matches(json)
        case (.record(let record), .object(let object)): record.matches(object)
        default: false
        }
    }

    private static func matches(_ text: String, format: String?, pattern: String?, encoding: String?) -> Bool {
        if format == "date-time" { return (try? Date(json: .string(text), at: .root)) != nil }
        if encoding == "base64" { return (try? Base64Data(json: .string(text), at: .root)) != nil }
        // The one pattern there is.
        if pattern != nil { return WireURL.schemes.contains { text.hasPrefix($0) } }
        return true
    }
}

extension Schema.Record {
    fileprivate func matches(_ object: JSONObject) -> Bool {
        let known = properties.allSatisfy { property in
            guard let value = object[property.key], value != .null || property.isRequired else {
                return !property.isRequired
            }
            return property.schema.matches(value)
        }
        return known && (isOpen || object.keys.allSatisfy { key in properties.contains { $0.key == key } })
    }
}
