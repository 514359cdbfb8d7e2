/// The types of a tool's parameters in the words of JSON Schema, whatever words a client sent: models were trained on
/// those.
enum ParameterTypes {
    private static let words: [String: String] = [
        "str": "string", "string": "string", "text": "string", "char": "string",
        "int": "integer", "integer": "integer", "long": "integer", "int32": "integer", "int64": "integer",
        "float": "number", "double": "number", "number": "number", "decimal": "number", "float32": "number",
        "float64": "number",
        "bool": "boolean", "boolean": "boolean",
        "list": "array", "array": "array", "tuple": "array", "set": "array", "sequence": "array",
        "dict": "object", "dictionary": "object", "map": "object", "mapping": "object", "object": "object",
        "none": "null", "nonetype": "null", "null": "null",
    ]

    /// `dict`, `Dict[str, int]` and `object` all name objects.
    static func namesObject(_ type: TemplateValue?) -> Bool {
        guard case .string(let text)? = type else { return false }
        return schema(of: text)?["type"] == .string("object")
    }

    /// The schema that a type by name stands for: `int`, `list[str]`, `Optional[float]`, `str | None`.  nil for words
    /// that name no type.
    static func schema(of text: String) -> TemplateMap? {
        let name = text.trimmed
        let alternatives = split(name, at: "|")
        if alternatives.count > 1 { return union(alternatives) }
        guard let bracket = name.firstIndex(of: "["), name.hasSuffix("]") else {
            if name.lowercased() == "any" { return [:] }
            return words[unqualified(name)].map { ["type": .string($0)] }
        }
        let inner = String(name[name.index(after: bracket)...].dropLast())
        let outer = unqualified(String(name[..<bracket]))
        // int[]
        if inner.isEmpty { return words[outer].map { ["type": "array", "items": ["type": .string($0)]] } }
        switch outer {
        case "optional": return union([inner, "null"])
        case "union": return union(split(inner, at: ","))
        default:
            guard let word = words[outer] else { return nil }
            var schema: TemplateMap = ["type": .string(word)]
            let parts = split(inner, at: ",")
            if word == "array", parts.count == 1 || outer != "tuple", let items = self.schema(of: parts[0]) {
                schema["items"] = .map(items)
            }
            return schema
        }
    }

    /// `typing.List` -> `list`
    private static func unqualified(_ name: String) -> String {
        (name.split(separator: ".").last.map(String.init) ?? name).lowercased()
    }

    /// A list of names for simple types; otherwise `anyOf`.
    private static func union(_ names: [String]) -> TemplateMap? {
        let schemas = names.compactMap { schema(of: $0) }
        guard schemas.count == names.count, let first = schemas.first else { return nil }
        if schemas.count == 1 { return first }
        let types = schemas.compactMap { $0["type"] }
        if types.count == schemas.count, schemas.allSatisfy({ $0.count == 1 }) { return ["type": .list(types)] }
        return ["anyOf": .list(schemas.map { .map($0) })]
    }

    /// At the separators outside brackets.
    private static func split(_ text: String, at separator: Character) -> [String] {
        var parts = [""]
        var depth = 0
        for character in text {
            if character == "[" { depth += 1 }
            if character == "]" { depth -= 1 }
            if character == separator, depth == 0 {
                parts.append("")
            } else {
                parts[parts.count - 1].append(character)
            }
        }
        return parts
    }

    /// A schema with the types in it, and in those it holds, in JSON Schema's words.  All else stays as it is.
    static func inSchemaWords(_ schema: TemplateMap) -> TemplateMap {
        var written = TemplateMap()
        for entry in schema.entries {
            switch (entry.key, entry.value) {
            case ("type", .string(let text)):
                guard let named = Self.schema(of: text) else {
                    written["type"] = entry.value
                    continue
                }
                for field in named.entries where field.key == "type" || schema[field.key] == nil {
                    written[field.key] = field.value
                }
            case ("type", .list(let types)):
                written["type"] = .list(
                    types.map { type in
                        guard case .string(let text) = type else { return type }
                        return Self.schema(of: text)?["type"] ?? type
                    })
            case ("properties", .map(let named)), ("$defs", .map(let named)), ("definitions", .map(let named)),
                ("patternProperties", .map(let named)):
                written[entry.key] = .map(
                    TemplateMap(named.entries.map { ($0.key, inSchemaWords($0.value)) }))
            case ("items", _), ("additionalProperties", _), ("not", _), ("contains", _), ("anyOf", _), ("oneOf", _),
                ("allOf", _), ("prefixItems", _):
                written[entry.key] = inSchemaWords(entry.value)
            default: written[entry.key] = entry.value
            }
        }
        return written
    }

    private static func inSchemaWords(_ value: TemplateValue) -> TemplateValue {
        switch value {
        case .map(let schema): .map(inSchemaWords(schema))
        case .list(let schemas): .list(schemas.map { inSchemaWords($0) })
        default: value
        }
    }
}
