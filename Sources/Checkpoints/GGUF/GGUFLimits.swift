/// How much of a GGUF header is believed. All counts are checked against the bytes that are left as well, so these
/// matter only to files that really are that big.
package struct GGUFLimits: Sendable {
    package var metadataKeysMax = 65_536
    package var keyBytesMax = 65_535
    package var stringBytesMax = 16 << 20
    package var arrayItemsMax = 16 << 20
    package var tensorsMax = 65_536
    package var headerBytesMax = 256 << 20
    package var alignmentMax = 1 << 20

    package init() {}
}
