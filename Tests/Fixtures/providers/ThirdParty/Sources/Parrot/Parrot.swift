import ProviderKit

/// Says what it was told, but louder.
struct Parrot: InferenceProvider {
    static let providerType = "inline::parrot"
    static let version = "0.1.0"
    static let summary = "Says what it was told, but louder."

    init(configuration: NoConfiguration, context: ProviderContext) {}

    func register(_ resource: Resource) {}

    func chatCompletion(
        _ request: ChatCompletionRequest, _ call: Call,
        streamingTo stream: EventStream<ChatCompletionResponseStreamChunk>
    ) async throws {
        guard case .text(let text) = request.dialog.message.content else {
            throw ProviderError(.unsupportedContent, "parrots hear text only", field: "dialog.message.content")
        }
        try await stream.send(ChatCompletionResponseStreamChunk(textDelta: text.uppercased() + "!"))
        try await stream.send(ChatCompletionResponseStreamChunk(textDelta: "", stopReason: .finishedOK))
    }

    // Parrots chat. What a provider lacks is not offered: the host answers 501.
    static let unsupported: Set<String> = ["completion", "batch_completion"]

    func completion(
        _ request: CompletionRequest, _ call: Call, streamingTo stream: EventStream<CompletionResponseStreamChunk>
    ) async throws { throw ProviderError(.notImplemented, "parrots only chat") }
}

@c(llama_stack_provider_v1)
public func entry(_ hostMinor: UInt32) -> UnsafePointer<lsp_module>? { exportProviders(Parrot.self) }
