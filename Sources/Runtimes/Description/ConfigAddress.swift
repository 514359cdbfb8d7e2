import LlamaStackAPI

/// A place of a config that names a server: a string whose schema says `"network": true`. The provider may ask that
/// server, whatever its address.
package struct ConfigAddress: Equatable {
    package static let keyword = "network"

    /// As the steps of a JSON Pointer.
    package var path: [String]
    package var url: String

    /// All that are given. The config must fit the schema.
    package static func all(in value: JSON, schema: JSON, at path: [String] = []) -> [ConfigAddress] {
        switch value {
        case .string(let url): schema[keyword] == .bool(true) ? [ConfigAddress(path: path, url: url)] : []
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
