import ProviderKit

/// Asks the agent's model through the host.
struct InferenceRun: Sendable {
    /// The pause before a busy provider is asked again, unless it says how long.
    private static let firstPause = Duration.milliseconds(50)
    private static let pauseMax = Duration.seconds(1)

    let call: Call

    /// Calls `receive` with each piece of the answer as it comes. A provider that is busy is asked again, for as long
    /// as the turn may take.
    ///
    /// - Parameter receive: answers whether to go on.
    func ask(
        _ request: ChatCompletionRequest, _ receive: (ChatCompletionResponseStreamChunk) async throws -> Bool
    ) async throws {
        var pause = Self.firstPause
        while true {
            var hasBegun = false
            do {
                for try await chunk in try call.inference().chatCompletionEvents(request) {
                    hasBegun = true
                    guard try await receive(chunk) else { return }
                }
                return
            } catch let error as ProviderError where error.code == .queueFull && !hasBegun {
                try await Task.sleep(for: error.retryAfterSeconds.map { .seconds($0) } ?? pause)
                pause = min(pause * 2, Self.pauseMax)
            }
        }
    }
}
