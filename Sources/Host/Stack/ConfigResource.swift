import LlamaStackAPI

/// A place of a config that names a resource of the distribution: a string whose schema says `"x-resource": "model"`.
struct ConfigResource: Equatable {
    static let keyword = "x-resource"

    /// As the steps of a JSON Pointer.
    var path: [String]
    /// "model".
    var kind: String
    var name: String

    /// All that are given. The config must fit the schema.
    static func all(in value: JSON, schema: JSON, at path: [String] = []) -> [ConfigResource] {
        switch value {
        case .string(let name):
            schema[keyword]?.stringValue.map { [ConfigResource(path: path, kind: $0, name: name)] } ?? []
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
