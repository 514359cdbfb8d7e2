/// How large a body may be: documents and datasets come in one.
package enum BodyLimits {
    /// A document of 64 MiB in base64, with its metadata and others beside it.
    static let documentsBytesMax = 96 << 20
    package static let datasetBytesMax = 64 << 20
    /// The turns before, with the files that their tools made.
    static let turnBytesMax = 32 << 20
    /// The maximum of `body_bytes_max` in a distribution.
    package static let configuredBytesMax = 1 << 30
}
