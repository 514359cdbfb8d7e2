import ContractBridge
import LlamaStackAPI

/// One thing wrong with a config: where it is, as the steps of a JSON Pointer, and what.
package struct ConfigMistake: Sendable, Equatable {
    package var path: [String]
    package var code: String
    package var message: String
    /// About the key of the last step rather than its value.
    package var isAboutKey = false
    /// The message is followed by the value, unless that is a secret.
    package var showsValue = false
    /// The type that the value does not have.
    package var wantedType: String?

    package init(
        path: [String], code: String, message: String, isAboutKey: Bool = false, showsValue: Bool = false,
        wantedType: String? = nil
    ) {
        (self.path, self.code, self.message) = (path, code, message)
        (self.isAboutKey, self.showsValue, self.wantedType) = (isAboutKey, showsValue, wantedType)
    }
}

/// The part of JSON Schema that a provider's config may use: type, properties, required, enum, minimum, maximum,
/// items, additionalProperties, default, description; `network` (``ConfigAddress``) and `x-resource`
/// (``ConfigResource``); at the root `x-resources` (``ResourceConfigSchema``). Other keywords with `x-` are for others.
package enum ConfigSchema {
    static let keywords = [
        "type", "properties", "required", "enum", "minimum", "maximum", "items", "additionalProperties", "default",
        "description", ConfigAddress.keyword,
    ]
    static let types = ["object", "array", "string", "integer", "number", "boolean", "null"]
    /// The limit on nested schemas.
    static let depthMax = 16

    // MARK: the schema itself

    /// The problem with a schema, to follow its name: "has an unknown keyword 'oneOf' at /properties/x"; nil when it is
    /// valid.
    package static func problem(of schema: JSON) -> String? {
        guard schema["type"] == "object" else { return "must describe an object (\"type\": \"object\")" }
        return problem(of: schema, at: "", depth: 0) ?? ResourceConfigSchema.problem(in: schema)
    }

    private static func problem(of schema: JSON, at pointer: String, depth: Int) -> String? {
        let place = pointer.isEmpty ? "" : " at \(pointer)"
        guard case .object(let object) = schema else { return "must be an object\(place), got \(schema.kind)" }
        guard depth <= depthMax else { return "is nested deeper than \(depthMax)" }
        for member in object.members where !keywords.contains(member.key) && !member.key.hasPrefix("x-") {
            let close = Spelling.closest(to: member.key, in: keywords).map { " (did you mean '\($0)'?)" } ?? ""
            return "has an unknown keyword \(Quote.short(member.key))\(place)\(close)"
        }
        if let type = object["type"], !(type.stringValue.map(types.contains) ?? false) {
            return "has an unknown type\(place): \(Quote.short(type.text))"
        }
        for key in ["minimum", "maximum"] where object[key] != nil && object[key]?.numberValue == nil {
            return "has a '\(key)' that is not a number\(place)"
        }
        for key in ["enum", "required"] {
            guard let value = object[key] else { continue }
            guard case .array = value else { return "has a '\(key)' that is not an array\(place)" }
        }
        if let resource = object[ConfigResource.keyword], resource.stringValue == nil {
            return "has an '\(ConfigResource.keyword)' that is not a string\(place)"
        }
        if let isAddress = object[ConfigAddress.keyword] {
            guard case .bool = isAddress else {
                return "has a '\(ConfigAddress.keyword)' that is not true or false\(place)"
            }
            guard object["type"] == "string" else {
                return "has a '\(ConfigAddress.keyword)' that is not on a string\(place)"
            }
        }
        if let properties = object["properties"] {
            guard case .object(let members) = properties else {
                return "has 'properties' that are not an object\(place)"
            }
            for member in members.members {
                let inner = pointer + "/properties/" + JSONPointer.escape(member.key)
                if let problem = problem(of: member.value, at: inner, depth: depth + 1) { return problem }
            }
        }
        for key in ["items", "additionalProperties"] {
            guard let value = object[key], value != .bool(true), value != .bool(false) else { continue }
            if let problem = problem(of: value, at: "\(pointer)/\(key)", depth: depth + 1) { return problem }
        }
        return nil
    }

    // MARK: a config against its schema

    /// Every mistake. The schema must have passed ``problem(of:)``.
    package static func mistakes(in value: JSON, schema: JSON, at path: [String] = []) -> [ConfigMistake] {
        if let type = schema["type"]?.stringValue, !fits(value, type) {
            let message = "\(name(path)) must be \(article(type)), got \(value.kind)"
            return [ConfigMistake(path: path, code: "wrong_type", message: message, wantedType: type)]
        }
        if case .array(let allowed)? = schema["enum"], !allowed.contains(where: { same($0, value) }) {
            return [
                ConfigMistake(
                    path: path, code: "not_allowed", message: enumMessage(value, allowed, path), showsValue: true)
            ]
        }
        switch value {
        case .object(let object): return mistakes(in: object, schema, path)
        case .array(let items):
            guard let inner = schema["items"], inner != .bool(true) else { return [] }
            return items.enumerated().flatMap { mistakes(in: $1, schema: inner, at: path + [String($0)]) }
        case .integer, .number, .exact: return range(value, schema, path)
        default: return []
        }
    }

    private static func mistakes(in object: JSONObject, _ schema: JSON, _ path: [String]) -> [ConfigMistake] {
        var found: [ConfigMistake] = []
        var known = JSONObject()
        if case .object(let properties)? = schema["properties"] { known = properties }
        for member in object.members {
            let inner = path + [member.key]
            if let property = known[member.key] {
                found += mistakes(in: member.value, schema: property, at: inner)
            } else if schema["additionalProperties"] == .bool(false) {
                found.append(
                    ConfigMistake(
                        path: inner, code: "unknown_key",
                        message: unknown(member.key, known.keys, present: object.keys), isAboutKey: true))
            } else if let other = schema["additionalProperties"], case .object = other {
                found += mistakes(in: member.value, schema: other, at: inner)
            }
        }
        if case .array(let required)? = schema["required"] {
            for key in required.compactMap(\.stringValue) where object[key] == nil {
                found.append(
                    ConfigMistake(
                        path: path, code: "missing_key", message: "\(name(path)) has no '\(key)', which is required"))
            }
        }
        return found
    }

    private static func range(_ value: JSON, _ schema: JSON, _ path: [String]) -> [ConfigMistake] {
        guard let number = value.numberValue else { return [] }
        let minimum = schema["minimum"], maximum = schema["maximum"]
        if let minimum, let least = minimum.numberValue, number < least {
            let text = "\(name(path)) must be at least \(minimum.text)"
            return [ConfigMistake(path: path, code: "out_of_range", message: text, showsValue: true)]
        }
        if let maximum, let most = maximum.numberValue, number > most {
            let text = "\(name(path)) must be at most \(maximum.text)"
            return [ConfigMistake(path: path, code: "out_of_range", message: text, showsValue: true)]
        }
        return []
    }

    private static func fits(_ value: JSON, _ type: String) -> Bool {
        switch (type, value) {
        case ("object", .object), ("array", .array), ("string", .string), ("boolean", .bool), ("null", .null),
            ("integer", .integer), ("number", .integer), ("number", .number), ("number", .exact):
            true
        case ("integer", .number(let value)): value == value.rounded()
        default: false
        }
    }

    private static func same(_ a: JSON, _ b: JSON) -> Bool {
        if let order = a.compared(to: b) { return order == 0 }
        return a == b
    }

    // MARK: words

    /// - Parameter present: keys that stand beside it, and are hardly meant once more.
    package static func unknown(_ key: String, _ known: [String], present: [String] = []) -> String {
        let suggestion =
            if let close = meant(key, known, present: present) {
                " (did you mean '\(close)'?)"
            } else {
                known.isEmpty ? "; there are none" : "; there are " + known.joined(separator: ", ")
            }
        return "unknown key \(Quote.short(key))\(suggestion)"
    }

    package static func meant(_ key: String, _ known: [String], present: [String]) -> String? {
        Spelling.closest(to: key, in: known.filter { !present.contains($0) }) ?? Spelling.closest(to: key, in: known)
    }

    private static func enumMessage(_ value: JSON, _ allowed: [JSON], _ path: [String]) -> String {
        let words = allowed.map { $0.stringValue.map { "'\($0)'" } ?? $0.text }.joined(separator: ", ")
        let close = value.stringValue.flatMap { Spelling.closest(to: $0, in: allowed.compactMap(\.stringValue)) }
        return "\(name(path)) must be one of \(words)" + (close.map { " (did you mean '\($0)'?)" } ?? "")
    }

    /// The name of a part of a config in messages.
    package static func name(_ path: [String]) -> String {
        path.last.map { Int($0) == nil ? Quote.short($0) : "item \($0)" } ?? "the config"
    }

    private static func article(_ type: String) -> String {
        switch type {
        case "object", "array", "integer": "an \(type)"
        case "null": "null"
        default: "a \(type)"
        }
    }
}

/// RFC 6901.
package enum JSONPointer {
    package static func escape(_ step: String) -> String {
        step.replacing("~", with: "~0").replacing("/", with: "~1")
    }

    /// nil when the text is not a pointer.
    package static func steps(_ pointer: String) -> [String]? {
        if pointer.isEmpty { return [] }
        guard pointer.hasPrefix("/") else { return nil }
        return pointer.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map {
            String($0).replacing("~1", with: "/").replacing("~0", with: "~")
        }
    }
}
