/// The system, or the limit that was set, has no memory for this many more bytes.
package struct OutOfMemoryError: Error, Equatable, CustomStringConvertible {
    package let bytes: Int

    package init(bytes: Int) {
        self.bytes = bytes
    }

    package var description: String { "no memory for \(bytes) more bytes" }
}
