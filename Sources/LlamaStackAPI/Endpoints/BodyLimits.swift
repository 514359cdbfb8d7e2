/// How large a body may be: documents and datasets come in one.
package enum BodyLimits {
    static let documentsBytesMax = 16 << 20
    package static let datasetBytesMax = 64 << 20
}
