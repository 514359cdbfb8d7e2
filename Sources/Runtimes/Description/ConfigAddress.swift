import LlamaStackAPI

/// A place of a config that names a server: a string whose schema says `"network": true`. The provider may ask that
/// server, whatever its address.
package struct ConfigAddress: Equatable {
    package static let keyword = "network"

    /// As the steps of a JSON Pointer.
    package var path: [String]
    package var url: String

    /// All that are given. The config must fit the schema.
    package static func all(in config: JSON, schema: JSON) -> [ConfigAddress] {
        ConfigString.all(in: config, schema: schema).filter { $0.schema[keyword] == .bool(true) }.map {
            ConfigAddress(path: $0.path, url: $0.text)
        }
    }
}
