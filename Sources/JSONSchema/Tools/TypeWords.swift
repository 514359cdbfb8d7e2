import LlamaStackAPI

/// The types of JSON Schema by the words that clients send: `str`, `list[int]`, `Optional[float]`.
enum TypeWords {
    private static let words: [String: String] = [
        "str": "string", "string": "string", "text": "string", "char": "string",
        "int": "integer", "integer": "integer", "long": "integer", "int32": "integer", "int64": "integer",
        "short": "integer", "byte": "integer", "uint": "integer",
        "float": "number", "double": "number", "number": "number", "decimal": "number", "float32": "number",
        "float64": "number",
        "bool": "boolean", "boolean": "boolean",
        "list": "array", "array": "array", "tuple": "array", "set": "array", "sequence": "array",
        "arraylist": "array",
        "dict": "object", "dictionary": "object", "map": "object", "mapping": "object", "object": "object",
        "hashmap": "object",
        "none": "null", "nonetype": "null", "null": "null",
    ]

    /// `dict`, `Dict[str, int]` and `object` all name objects.
    static func namesObject(_ type: JSON?) -> Bool {
        guard let text = type?.stringValue else { return false }
        return schema(of: text)?["type"] == "object"
    }

    /// The schema that a type by name stands for: `int`, `list[str]`, `Optional[float]`, `str | None`. nil for words
    /// that name no type.
    static func schema(of text: String) -> JSONObject? { schema(of: text[...], depth: 0) }

    /// A name of types in types deeper than that is none.
    private static let depthMax = 16

    private static func schema(of text: Substring, depth: Int) -> JSONObject? {
        guard depth < depthMax else { return nil }
        let name = trimmed(text)
        let alternatives = split(name, at: "|")
        if alternatives.count > 1 { return union(alternatives, depth + 1) }
        guard let bracket = name.firstIndex(of: "["), name.hasSuffix("]") else {
            if name.lowercased() == "any" { return [:] }
            return words[unqualified(name)].map { ["type": .string($0)] }
        }
        let inner = name[name.index(after: bracket)...].dropLast()
        let outer = unqualified(name[..<bracket])
        // int[]
        if inner.isEmpty { return words[outer].map { ["type": "array", "items": ["type": .string($0)]] } }
        switch outer {
        case "optional": return union([inner, "null"], depth + 1)
        case "union": return union(split(inner, at: ","), depth + 1)
        default:
            guard let word = words[outer] else { return nil }
            var schema: JSONObject = ["type": .string(word)]
            let parts = split(inner, at: ",")
            if word == "array", parts.count == 1 || outer != "tuple",
                let items = self.schema(of: parts[0], depth: depth + 1)
            {
                schema["items"] = .object(items)
            }
            return schema
        }
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop(while: \.isWhitespace)
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }

    /// `typing.List` -> `list`
    private static func unqualified(_ name: Substring) -> String {
        (name.split(separator: ".").last ?? name).lowercased()
    }

    /// A list of names for simple types; otherwise `anyOf`.
    private static func union(_ names: [Substring], _ depth: Int) -> JSONObject? {
        let schemas = names.compactMap { schema(of: $0, depth: depth) }
        guard schemas.count == names.count, let first = schemas.first else { return nil }
        if schemas.count == 1 { return first }
        let types = schemas.compactMap { $0["type"] }
        if types.count == schemas.count, schemas.allSatisfy({ $0.members.count == 1 }) {
            return ["type": .array(types)]
        }
        return ["anyOf": .array(schemas.map { .object($0) })]
    }

    /// At the separators outside brackets.
    private static func split(_ text: Substring, at separator: Character) -> [Substring] {
        var parts: [Substring] = []
        var start = text.startIndex
        var depth = 0
        for index in text.indices {
            switch text[index] {
            case "[": depth += 1
            case "]": depth -= 1
            case separator where depth == 0:
                parts.append(text[start..<index])
                start = text.index(after: index)
            default: break
            }
        }
        return parts + [text[start...]]
    }

    // MARK: In schemas

    /// A schema with the types in it, and in those it holds, in JSON Schema's words. All else stays as it is.
    static func inSchemaWords(_ schema: JSONObject) -> JSONObject {
        var written = JSONObject()
        for member in schema.members {
            switch (member.key, member.value) {
            case ("type", .string(let text)):
                guard let named = Self.schema(of: text) else {
                    written["type"] = member.value
                    continue
                }
                for field in named.members where field.key == "type" || schema[field.key] == nil {
                    written[field.key] = field.value
                }
            case ("type", .array(let types)):
                written["type"] = .array(types.map { $0.stringValue.flatMap(Self.schema(of:))?["type"] ?? $0 })
            case ("properties", .object(let named)), ("$defs", .object(let named)), ("definitions", .object(let named)),
                ("patternProperties", .object(let named)):
                var changed = JSONObject()
                for one in named.members { changed.append(one.key, inSchemaWords(one.value)) }
                written[member.key] = .object(changed)
            case ("items", _), ("additionalProperties", _), ("not", _), ("contains", _), ("anyOf", _), ("oneOf", _),
                ("allOf", _), ("prefixItems", _):
                written[member.key] = inSchemaWords(member.value)
            default: written[member.key] = member.value
            }
        }
        return written
    }

    private static func inSchemaWords(_ value: JSON) -> JSON {
        switch value {
        case .object(let schema): .object(inSchemaWords(schema))
        case .array(let schemas): .array(schemas.map { inSchemaWords($0) })
        case .null, .bool, .integer, .number, .exact, .string: value
        }
    }
}
