import ContractBridge
import LlamaStackAPI

/// Where an answer departs from its schema, in words.
enum SchemaText {
    static func of(_ schema: Schema?) -> String {
        switch schema {
        case .record(let record)?: "a \(record.name)"
        case .named(let name, _, _)?: "a \(name)"
        case .array?: "an array"
        case .string?: "a string"
        case nil: "nothing"
        default: "a JSON value"
        }
    }

    /// nil when it fits. Looks as deep as it can say exactly what is wrong.
    static func mismatch(_ json: JSON, _ schema: Schema, at path: String = "") -> String? {
        if schema.matches(json), isWhole(json, schema) { return nil }
        let place = path.isEmpty ? "it" : path
        switch (schema, json) {
        case (.named(_, _, let inner), _):
            return mismatch(json, inner, at: path) ?? "\(place) is \(Quote.of(json.text))"
        case (.record(let record), .object(let object)):
            for property in record.properties {
                let inner = path.isEmpty ? property.key : "\(path).\(property.key)"
                guard let value = object[property.key] else {
                    if !property.isOptional { return "\(inner) is missing" }
                    continue
                }
                if value == .null, !property.schema.matches(.null) {
                    return "\(inner) is null; a field that is not there is left out"
                }
                if let what = mismatch(value, property.schema, at: inner) { return what }
            }
            let known = record.properties.map(\.key)
            if !record.isOpen, let key = object.keys.first(where: { !known.contains($0) }) {
                return "\(Quote.of(key)) is not a field of \(record.name)"
            }
            return nil
        case (.array(let item, _, _), .array(let items)):
            for (index, value) in items.enumerated() {
                if let what = mismatch(value, item, at: "\(path)[\(index)]") { return what }
            }
            return "\(place) holds an item twice"
        case (.map(let inner), .object(let object)):
            for member in object.members {
                if let what = mismatch(member.value, inner, at: "\(path).\(member.key)") { return what }
            }
            return nil
        case (.enumeration(_, let values, _), .string(let word)):
            return "\(place) is \(Quote.of(word)), wanted one of \(values.joined(separator: ", "))"
        default: return "\(place) is \(Quote.of(json.text)), wanted \(of(schema))"
        }
    }

    /// Whether an answer spells out everything: requests may write null or rely on a default, answers may only leave
    /// out optional members.
    private static func isWhole(_ json: JSON, _ schema: Schema) -> Bool {
        switch (schema, json) {
        case (.named(_, _, let inner), _): isWhole(json, inner)
        case (.record(let record), .object(let object)):
            record.properties.allSatisfy { property in
                guard let value = object[property.key] else { return property.isOptional }
                return value == .null ? property.schema.matches(.null) : isWhole(value, property.schema)
            }
        case (.array(let item, _, _), .array(let items)): items.allSatisfy { isWhole($0, item) }
        default: true
        }
    }
}
