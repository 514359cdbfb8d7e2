import LlamaStackAPI

/// A string of a config with the schema that describes it.
struct ConfigString {
    /// As the steps of a JSON Pointer.
    var path: [String]
    var text: String
    var schema: JSON

    /// All strings that have a schema of their own. The config must fit the schema.
    static func all(in value: JSON, schema: JSON, at path: [String] = []) -> [ConfigString] {
        switch value {
        case .string(let text): [ConfigString(path: path, text: text, schema: schema)]
        case .array(let items):
            schema["items"].map { inner in
                items.enumerated().flatMap { all(in: $1, schema: inner, at: path + [String($0)]) }
            } ?? []
        case .object(let object):
            object.members.flatMap { member in
                let inner = schema["properties"]?[member.key] ?? schema["additionalProperties"]
                return inner.map { all(in: member.value, schema: $0, at: path + [member.key]) } ?? []
            }
        default: []
        }
    }
}
