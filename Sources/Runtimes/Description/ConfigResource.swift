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
    package static func all(in config: JSON, schema: JSON) -> [ConfigResource] {
        ConfigString.all(in: config, schema: schema).compactMap { string in
            string.schema[keyword]?.stringValue.map { ConfigResource(path: string.path, kind: $0, name: string.text) }
        }
    }
}
