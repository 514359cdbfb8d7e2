import Foundation

/// The text that a URL led to.
package struct FetchedText: Sendable {
    package let content: Data
    /// As its host states it; empty when it does not.
    package let mimeType: String

    package init(content: Data, mimeType: String) { (self.content, self.mimeType) = (content, mimeType) }
}
