import Fetch
import Foundation
import ProviderKit
import Synchronization

/// Documents from the network, through the one gate to it.
struct GateFetcher: DocumentFetcher {
    private let gate: FetchGate

    /// nil when fetching is off.
    init?(_ configuration: FetchConfiguration, _ context: ProviderContext) {
        let caFile = configuration.caFile.map(context.path)
        guard let gate = FetchGate(configuration, caFile: caFile, limits: .document) else { return nil }
        self.gate = gate
    }

    var secondsMax: Int { gate.limits.secondsMax }

    func check(_ url: String) async throws { try await translated { try await gate.check(url) } }

    func bytes(of url: String) async throws -> FetchedText {
        let bytes = Mutex(Data())
        let answer = try await translated {
            try await gate.fetch(url) { piece in bytes.withLock { $0.append(contentsOf: piece) } }
        }
        return FetchedText(content: bytes.withLock { $0 }, mimeType: answer.contentType)
    }

    func close() async { await gate.close() }

    private func translated<Value>(_ body: () async throws -> Value) async throws -> Value {
        do { return try await body() } catch let error as FetchError { throw ProviderError(error.code, error.message) }
    }
}
