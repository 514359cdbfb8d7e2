import ProviderKit

/// Shields that have a model judge the last message of a conversation, as Llama Guard 3 was trained to.
struct LlamaGuard: ShieldsProvider {
    static let providerType = "inline::llama-guard"
    static let version = "1.0.0"
    static let summary = "Has a model sort the last message into categories of harm (Llama Guard 3)."
    static let needs: [API] = [.inference]

    let shields = Registered<LlamaGuardShield>()

    init(configuration: NoConfiguration, context: ProviderContext) {}
}

/// One shield of a distribution.
struct LlamaGuardShield: Shield {
    private let model: String
    private let settings: JudgementSettings

    init(configuration: LlamaGuardConfiguration) { (model, settings) = (configuration.model, configuration.settings) }

    var description: String {
        "The model \(model) judges the last message: \(settings.categories.map(\.rawValue).joined(separator: ", "))."
    }

    func judge(_ messages: [Message], _ request: JudgementSettings, _ call: Call) async throws -> RunShieldResponse {
        let settings = settings.joined(request)
        guard let last = messages.last else { return RunShieldResponse() }
        let isOutput = last.role == .assistant
        guard isOutput ? !settings.disableOutputCheck : !settings.disableInputCheck else { return RunShieldResponse() }
        let prompt = GuardPrompt(categories: settings.categories, messages: messages).text
        let answer = try await call.inference().chatCompletion(
            ChatCompletionRequest(
                model: InstructModel(rawValue: model),
                dialog: Dialog(message: Message(role: .user, content: .text(prompt))), maxTokens: Self.tokensMax))
        guard let verdict = GuardVerdict(answer.content) else {
            throw ProviderError(
                .upstreamError,
                "the model \(model) of the shield '\(call.resource)' answered neither 'safe' nor 'unsafe' with "
                    + "categories, so nothing is known of the message")
        }
        let found = verdict.categories.filter(settings.categories.contains)
        guard !found.isEmpty else { return RunShieldResponse() }
        return RunShieldResponse(
            violation: SafetyViolation(
                violationType: found.map(\.rawValue).joined(separator: ","),
                details: found.map(\.title).joined(separator: ", "), suggestedUserResponse: Self.refusal))
    }

    /// A verdict is a word and a few codes.
    private static let tokensMax = 20
    private static let refusal = "I can't help with that. Is there something else that I can do for you?"
}
