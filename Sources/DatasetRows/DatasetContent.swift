import Foundation

/// Bytes to read rows from, and how they are said to be written.
package struct DatasetContent {
    package enum Source {
        /// Read from where it stands.
        case file(FileHandle)
        case bytes([UInt8])
    }

    package var source: Source
    /// nil: to be seen from the first bytes.
    package var format: RowFormat?

    package init(source: Source, format: RowFormat?) { (self.source, self.format) = (source, format) }
}
