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

    /// A file that was fetched: its format is what its name says, else what its host says.
    /// - Parameter url: where it came from, after redirects.
    package init(file: FileHandle, from url: String, mediaType: String) throws {
        // The host's answer has a path always, if only a slash.
        let path = url.prefix { $0 != "?" }
        self.init(
            source: .file(file),
            format: try RowFormat(fileName: String(path)) ?? (try RowFormat(mediaType: mediaType)))
    }
}
