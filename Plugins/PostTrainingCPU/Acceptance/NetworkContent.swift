import DatasetRows
import DurableFiles
import Foundation
import ProviderKit
import Storage

/// Content that is fetched through the host, kept in a file while it is read.
struct NetworkContent {
    private static let bytesMax = 4 << 30
    private static let secondsMax = 300.0

    /// Where the content of a URL is: fetched into `file`, or opened by the rules of files and `data:` URLs.
    static func open(
        _ url: WireURL, by opener: ContentOpener, through network: NetworkClient, into file: String, field: String
    ) async throws -> @Sendable () throws -> DatasetContent {
        guard url.string.hasPrefix("http") else { return { try opener.open(url) } }
        do {
            let response = try await network.content(of: url.string, bytesMax: bytesMax, secondsMax: secondsMax)
            let output = try FileError.forClient { try FileOutput(creating: file) }
            for try await piece in response.body {
                try await DispatchQueue.global().run { try FileError.forClient { try output.write(piece) } }
            }
            try await DispatchQueue.global().run { try FileError.forClient { try output.finish() } }
            let (from, mediaType) = (response.url, response.mediaType)
            return {
                guard let handle = FileHandle(forReadingAtPath: file) else { throw FileError(path: file).forClient }
                return try DatasetContent(file: handle, from: from, mediaType: mediaType)
            }
        } catch let error as ProviderError where [.urlNotAllowed, .upstreamError].contains(error.code) {
            throw ProviderError(error.code, "\(field) \(error.message)", field: field)
        }
    }
}
