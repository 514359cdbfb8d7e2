import ProviderKit

/// Shields that have a model judge the last message of a conversation, as Llama Guard 3 was trained to.
struct LlamaGuard: SafetyProvider {
    static let providerType = "inline::llama-guard"
    static let version = "1.0.0"
    static let summary = "Has a model sort the last message into categories of harm (Llama Guard 3)."
    static let needs: [API] = [.inference]
    static let resources: [ResourceKind]? = [.shield]

    private let shields = Registered<LlamaGuardConfiguration>()

    init(configuration: NoConfiguration, context: ProviderContext) {}

    func register(_ resource: Resource) async throws {
        guard resource.kind == ResourceKind.shield.name else { throw Self.refusal(of: resource) }
        shields.put(resource.id, try resource.configuration())
    }

    func unregister(_ resource: Resource) async throws { try shields.remove(resource) }

    func list(_ call: Call) async throws -> [ListedShield] {
        shields.all.map { shield in
            let codes = shield.value.settings.categories.map(\.rawValue).joined(separator: ", ")
            return ListedShield(
                shieldType: ShieldType(rawValue: shield.id),
                description: "The model \(shield.value.model) judges the last message: \(codes).")
        }
    }

    func runShield(_ request: RunShieldRequest, _ call: Call) async throws -> RunShieldResponse {
        guard let shield = shields[call.resource] else {
            throw ProviderError(.notFound, "there is no shield '\(call.resource)'", field: "shield_type")
        }
        let params = try LlamaGuardParams(json: .object(request.shield.params), at: FieldPath.root["params"])
        let settings = shield.settings.joined(params.settings)
        guard let last = request.messages.last else { return RunShieldResponse() }
        let isOutput = last.role == .assistant
        guard isOutput ? !settings.disableOutputCheck : !settings.disableInputCheck else { return RunShieldResponse() }
        let prompt = GuardPrompt(categories: settings.categories, messages: request.messages).text
        let answer = try await call.inference().chatCompletion(
            ChatCompletionRequest(
                model: InstructModel(rawValue: shield.model),
                dialog: Dialog(message: Message(role: .user, content: .text(prompt))), maxTokens: Self.tokensMax))
        guard let verdict = GuardVerdict(answer.content) else {
            throw ProviderError(
                .upstreamError,
                "the model \(shield.model) of the shield '\(call.resource)' answered neither 'safe' nor 'unsafe' with "
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
