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
    package var form: RowForm?

    package init(source: Source, form: RowForm?) { (self.source, self.form) = (source, form) }
}
