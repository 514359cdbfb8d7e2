import Foundation
import ProviderKit

/// Documents from other servers, through the host.
struct NetworkFetcher: DocumentFetcher {
    /// The text of one document may take as much, unless the distribution says otherwise.
    private static let bytesMax = 10 << 20

    private let network: NetworkClient
    let secondsMax = 10

    /// nil when the distribution lets this provider ask no server.
    init?(_ context: ProviderContext) async throws {
        guard try await context.network.isEnabled() else { return nil }
        network = context.network
    }

    func check(_ url: String) async throws {
        if DataURL.isOne(url) {
            _ = try Self.content(of: url)
        } else {
            try await network.check(url)
        }
    }

    func bytes(of url: String) async throws -> FetchedText {
        if DataURL.isOne(url) { return try Self.content(of: url) }
        let answer = try await network.content(of: url, bytesMax: Self.bytesMax, secondsMax: Double(secondsMax))
        var content = Data()
        for try await piece in answer.body { content.append(contentsOf: piece) }
        return FetchedText(content: content, mimeType: answer.contentType)
    }

    /// The content of a `data:` URL, for which no server is asked.
    static func content(of url: String) throws -> FetchedText {
        do {
            let data = try DataURL(url)
            return FetchedText(content: Data(data.bytes), mimeType: data.contentType)
        } catch { throw ProviderError(.invalidRequest, "a data: URL \(error.description)") }
    }
}
