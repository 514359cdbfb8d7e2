import LlamaStackAPI

extension OpenAI {
    static let listModels = DialectEndpoint(
        .get, "/v1/models", "/models", method: "models_list", answer: ListOf<ModelCard>.self,
        summary: "The models that clients may name."
    ) { _, caller in ListOf(caller.models.map { ModelCard($0, as: $0.id) }) }

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
        return ModelCard(model, as: name)
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

        static let object = Object(
            "OpenAIModelMetadata", isComponent: false, Self.init,
            Field("model_type", \.modelType, "llm."),
            Field("provider_id", \.providerID, "The provider that runs it."),
            Field("provider_resource_id", \.providerResourceID, "Its id there."),
            Field("aliases", \.aliases, "Its other names."),
            Field("base", \.base, "The model that it adapts."))
    }

    var id: String
    var created: Int
    var ownedBy: String
    var customMetadata: Custom
    var status: String

    init(_ model: ListedModel, as name: String) {
        self.init(
            id: name, created: model.createdSeconds, ownedBy: model.providerID,
            customMetadata: Custom(
                modelType: "llm", providerID: model.providerID, providerResourceID: model.id,
                aliases: model.aliases, base: model.base),
            status: model.isReady ? "ready" : "unavailable")
    }

    private init(id: String, created: Int, ownedBy: String, customMetadata: Custom, status: String) {
        (self.id, self.created, self.ownedBy) = (id, created, ownedBy)
        (self.customMetadata, self.status) = (customMetadata, status)
    }

    static let object = Object(
        "OpenAIModel",
        {
            (
                id, _: ModelObject, created, ownedBy, custom: Custom, _: String, _: String, _: String, _: String,
                _: Custom, _: ModelObject, status
            ) in
            ModelCard(id: id, created: created, ownedBy: ownedBy, customMetadata: custom, status: status)
        },
        Field("id", \.id, "The name that requests give."),
        Field("object", \.modelObject, constant: .model, "Always model."),
        Field("created", \.created, "When the server began to serve, in seconds since 1970."),
        Field("owned_by", \.ownedBy, "The provider that runs it."),
        Field("custom_metadata", \.customMetadata, "What the distribution says of it."),
        Field("identifier", \.id, "As id."),
        Field("provider_id", \.ownedBy, "As owned_by."),
        Field("provider_resource_id", \.resourceID, "Its id in the distribution."),
        Field("model_type", \.modelType, "llm."),
        Field("metadata", \.customMetadata, "As custom_metadata."),
        Field("type", \.modelObject, constant: .model, "Always model."),
        Field("status", \.status, "ready, or unavailable while its provider can't serve."))

    private var modelObject: ModelObject { .model }
    private var resourceID: String { customMetadata.providerResourceID }
    private var modelType: String { customMetadata.modelType }
}

enum ModelObject: String, WireEnum { case model }
