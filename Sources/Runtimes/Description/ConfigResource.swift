import LlamaStackAPI

/// A place of a config that names a resource of the distribution: a string whose schema says `"x-resource": "model"`.
package struct ConfigResource: Equatable {
    package static let keyword = "x-resource"

    /// As the steps of a JSON Pointer.
    package var path: [String]
    /// "model".
    package var kind: String
    package var name: String

    /// All that are given. The config must fit the schema.
    package static func all(in value: JSON, schema: JSON, at path: [String] = []) -> [ConfigResource] {
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
