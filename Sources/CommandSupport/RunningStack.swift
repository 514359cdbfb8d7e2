import Host
import LlamaStackAPI

/// A stack started for a command.
package enum RunningStack {
    /// - Parameter source: what reads the distribution's file again for a reload; nil where it can't be read again.
    package static func start(
        _ manifest: Manifest, _ log: LogOutput, source: Stack.Source? = nil
    ) async throws -> Stack {
        do throws(StartFailure) {
            return try await Stack.start(manifest, log: log.sink, metrics: .discard, source: source)
        } catch {
            throw Fail.with(error)
        }
    }
}

extension Summary {
    /// The first model that writes text or makes embeddings.
    package var firstModel: String? { resources(.model).first { $0.api == .inference }?.id }
}
