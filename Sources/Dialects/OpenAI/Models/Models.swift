import LlamaStackAPI

extension OpenAI {
    static let listModels = DialectEndpoint(
        .get, "/v1/models", "/models", method: "models_list", answer: ListOf<ModelCard>.self,
        summary: "The models that clients may name."
    ) { _, caller in
        let models = caller.models
        let cards = try await withThrowingTaskGroup(of: (Int, ModelCard).self) { group in
            for (place, model) in models.enumerated() {
                group.addTask { (place, try await ModelCard(model, as: model.id, caller)) }
            }
            return try await group.reduce(into: [Int: ModelCard]()) { $0[$1.0] = $1.1 }
        }
        return ListOf(models.indices.compactMap { cards[$0] })
    }

    static let retrieveModel = DialectEndpoint(
        .get, "/v1/models/{model}", "/models/{model}", method: "models_retrieve", answer: ModelCard.self,
        summary: "One model, by its id or an alias."
    ) { request, caller in
        let name = request.parameters["model"] ?? ""
        let models = caller.models
        guard let model = models.first(where: { $0.id == name || $0.aliases.contains(name) }) else {
            let names = models.map(\.id)
            let close = Spelling.closest(to: name, in: names).map { " (did you mean '\($0)'?)" } ?? ""
            throw DialectError(
                .modelNotFound, "there is no model '\(name.prefix(100))'\(close); GET /v1/models lists them",
                field: "model")
        }
        return try await ModelCard(model, as: name, caller)
    }
}

/// A model as OpenAI's clients read it, and as llama-stack-client does: the members of both.
struct ModelCard: WireRecord {
    struct Custom: WireRecord {
        var modelType: String
        var providerID: String
        var providerResourceID: String
        var aliases: [String]
        var base: String?
        var embeddingDimension: Int?

        static let object = Object(
            "OpenAIModelMetadata", isComponent: false, Self.init,
            Field("model_type", \.modelType, "llm, or embedding for one that turns texts into vectors."),
            Field("provider_id", \.providerID, "The provider that runs it."),
            Field("provider_resource_id", \.providerResourceID, "Its id there."),
            Field("aliases", \.aliases, "Its other names."),
            Field("base", \.base, "The model that it adapts."),
            Field("embedding_dimension", \.embeddingDimension, "The numbers in each of its vectors."))
    }

    var id: String
    var created: Int
    var ownedBy: String
    var customMetadata: Custom
    var status: String
    var contextLength: Int?
    var capabilities: [ModelCapability]

    /// Asks the model's provider what it is, where that can say.
    init(_ model: ListedModel, as name: String, _ caller: some Caller) async throws {
        let description = model.isReady ? await Self.description(of: model, caller) : nil
        let isEmbedding = description?.purpose == .embedding
        self.init(
            id: name, created: model.createdSeconds, ownedBy: model.providerID,
            customMetadata: Custom(
                modelType: isEmbedding ? "embedding" : "llm", providerID: model.providerID,
                providerResourceID: model.id, aliases: model.aliases, base: model.base,
                embeddingDimension: description?.embeddingDimension),
            status: model.isReady ? "ready" : "unavailable", contextLength: description?.contextTokensMax,
            capabilities: isEmbedding ? [.embeddings] : ModelCapability.all(of: model.id, caller))
    }

    private init(
        id: String, created: Int, ownedBy: String, customMetadata: Custom, status: String, contextLength: Int?,
        capabilities: [ModelCapability]
    ) {
        (self.id, self.created, self.ownedBy) = (id, created, ownedBy)
        (self.customMetadata, self.status) = (customMetadata, status)
        (self.contextLength, self.capabilities) = (contextLength, capabilities)
    }

    /// Nil where the provider does not say: a list must not fail because of one model.
    private static func description(of model: ListedModel, _ caller: some Caller) async -> ModelDescription? {
        try? await caller.answer(
            Inference.describeModel, DescribeModelRequest(model: model.id), model: model.id, options: [:])
    }

    static let object = Object(
        "OpenAIModel",
        {
            (
                id, _: ModelObject, created, ownedBy, custom: Custom, _: String, _: String, _: String, _: String,
                _: Custom, _: ModelObject, status, contextLength, capabilities
            ) in
            ModelCard(
                id: id, created: created, ownedBy: ownedBy, customMetadata: custom, status: status,
                contextLength: contextLength, capabilities: capabilities)
        },
        Field("id", \.id, "The name that requests give."),
        Field("object", \.modelObject, constant: .model, "Always model."),
        Field("created", \.created, "When the server began to serve, in seconds since 1970."),
        Field("owned_by", \.ownedBy, "The provider that runs it."),
        Field("custom_metadata", \.customMetadata, "What the distribution says of it."),
        Field("identifier", \.id, "As id."),
        Field("provider_id", \.ownedBy, "As owned_by."),
        Field("provider_resource_id", \.resourceID, "Its id in the distribution."),
        Field("model_type", \.modelType, "llm, or embedding."),
        Field("metadata", \.customMetadata, "As custom_metadata."),
        Field("type", \.modelObject, constant: .model, "Always model."),
        Field("status", \.status, "ready, or unavailable while its provider can't serve."),
        Field("context_length", \.contextLength, "The most tokens of prompt and answer together."),
        Field("capabilities", \.capabilities, "What can be asked of it."))

    private var modelObject: ModelObject { .model }
    private var resourceID: String { customMetadata.providerResourceID }
    private var modelType: String { customMetadata.modelType }
}

/// A kind of request that a model can answer.
enum ModelCapability: String, WireEnum {
    case chat, completions, embeddings, tools, logprobs
    case structuredOutputs = "structured_outputs"

    /// Those of a model that writes text.
    static func all(of model: String, _ caller: some Caller) -> [Self] {
        func supports(_ option: String) -> Bool {
            caller.supports(option, Inference.chatCompletion.description, model: model)
        }
        return [.chat, .completions] + (supports("tool_choice") ? [.tools] : [])
            + (supports("response_schema") ? [.structuredOutputs] : []) + (supports("top_logprobs") ? [.logprobs] : [])
    }
}

enum ModelObject: String, WireEnum { case model }
