/// An id compared byte by byte, as databases do: Swift holds two spellings of "é" for one string.
package struct OpaqueID: Hashable, Sendable {
    private let bytes: [UInt8]
    package init(_ id: String) { bytes = Array(id.utf8) }
}
