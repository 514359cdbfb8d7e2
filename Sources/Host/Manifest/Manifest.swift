import LlamaStackAPI
import Networking

/// A distribution, decoded and checked as far as the file alone allows.
package struct Manifest: Sendable {
    /// As the user wrote it; diagnostics name it so.
    package var file: String
    /// Absolute: what relative paths in the file refer to.
    package var directory: String
    package var name: String
    /// Absolute; nil: nothing is kept.
    package var statePath: String?
    package var server: ServerSettings
    package var network: NetworkSettings
    /// The files that `network` names.
    var networkFiles: [ResourceEntry.File]
    /// Absolute folders, searched first.
    package var providerPath: [String]
    package var providers: [ProviderEntry]
    /// The resources of every kind, in the order of the table of kinds and then of the file.
    package var resources: [ResourceEntry]
    /// Problems that do not prevent a start, sorted by place.
    package var warnings: [FileDiagnostic] = []
    /// The whole file as others may see it: secrets are `***`.
    package var masked = JSON.null
    /// The whole file with its places, for complaints that come later.
    var source: ManifestSource

    package struct ProviderEntry: Sendable {
        package var api: API
        package var providerID: String
        /// "inline::cpu".
        package var providerType: String
        /// A name or a path; nil: found by rule.
        package var library: String?
        /// The position of `library`, or of `provider_type` where there is none.
        var libraryPosition: Position
        /// nil: its code runs in this process.
        package var process: IsolationSettings?
        /// The position of `limits`, or of the entry.
        var limitsPosition: Position
        /// The stack starts without it when it fails.
        package var isOptional: Bool
        /// An object; positions are in ``ManifestSource``.
        var config: YAMLNode?
        var position: Position
        /// "inference/cpu".
        package var label: String { "\(api.rawValue)/\(providerID)" }
    }

    package struct ResourceEntry: Sendable {
        package var kind: ResourceKind
        package var id: String
        package var api: API
        package var providerID: String
        package var aliases: [String]
        /// The id of the one that this one adapts.
        package var base: String?
        /// The body of `register`: the entry as in the file, paths made absolute, "kind" added.
        package var resource: JSONObject
        /// Start without it when its provider can't serve it.
        package var isOptional: Bool
        /// An object, for complaints about its parts; also in `resource`.
        var config: YAMLNode?
        var position: Position
        /// The files that must exist to serve it.
        var files: [File]

        struct File: Sendable {
            /// As the user wrote it.
            var written: String
            /// Absolute.
            var path: String
            var position: Position
        }
        /// "inference/cpu".
        package var providerLabel: String { "\(api.rawValue)/\(providerID)" }
    }
}
