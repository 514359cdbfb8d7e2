import Parallel
import ProviderKit

/// Scores candidates by models with a head of one number, and by pairs of inference models.
package final class RewardModelProvider: RewardScoringProvider {
    package static let providerType = "inline::model"
    package static let version = "1.0.0"
    package static let summary =
        "Scores replies by a reward model, or by what preference optimisation has taught a model."
    /// For models of the kind implicit.
    package static let wants: [API] = [.inference]
    package static let resources: [ResourceKind]? = [.model]

    private let configuration: RewardConfiguration
    private let context: ProviderContext
    private let models = Registered<any Reward>()

    package init(configuration: RewardConfiguration, context: ProviderContext) async throws {
        do { try InstructionSet.check() } catch { throw ProviderError(.invalidConfig, error.description) }
        (self.configuration, self.context) = (configuration, context)
    }

    package func register(_ resource: Resource) async throws {
        guard resource.kind == ResourceKind.model.name else { throw Self.refusal(of: resource) }
        for (key, isThere) in [
            ("base", resource.base != nil), ("adapter", resource.adapter != nil),
            (resource.more.keys.first ?? "", !resource.more.isEmpty),
        ] where isThere {
            throw ProviderError(.invalidConfig, "\(Self.providerType) knows no '\(key)' of a model", field: key)
        }
        let settings: RewardModelConfiguration = try resource.configuration()
        switch settings.kind {
        case .head: models.put(resource.id, try await head(resource, settings))
        case .implicit: models.put(resource.id, try implicit(resource, settings))
        }
    }

    package func unregister(_ resource: Resource) async throws { try models.remove(resource) }

    private func head(_ resource: Resource, _ settings: RewardModelConfiguration) async throws -> any Reward {
        for (key, value) in [("model", settings.model), ("reference", settings.reference)] where value != nil {
            throw ConfigurationError("/\(key)", "belongs to the kind implicit; one of the kind head has a path")
        }
        guard let path = resource.path, !path.isEmpty else {
            throw ProviderError(
                .invalidConfig,
                "model '\(resource.id)' is of the kind head, so it needs the path of its folder, that of a "
                    + "LlamaForSequenceClassification with one label", field: "path")
        }
        return try await HeadReward.load(resource.id, context.path(path), configuration, context.log)
    }

    private func implicit(_ resource: Resource, _ settings: RewardModelConfiguration) throws -> any Reward {
        guard resource.path == nil else {
            throw ProviderError(
                .invalidConfig,
                "model '\(resource.id)' is of the kind implicit, so it has no file of its own: config names two models "
                    + "of inference", field: "path")
        }
        guard let model = settings.model else {
            throw ConfigurationError("/model", "is missing: the model of inference that was optimised")
        }
        guard let reference = settings.reference else {
            throw ConfigurationError("/reference", "is missing: the model of inference that '\(model)' was before")
        }
        guard model != reference else {
            throw ConfigurationError("/reference", "must be another than model, or every score is 0; got '\(model)'")
        }
        return ImplicitReward(model: model, reference: reference, scale: settings.rewardScale)
    }

    package func score(_ request: RewardScoringRequest, _ call: Call) async throws -> RewardScoringResponse {
        guard let model = models[call.resource] else {
            throw ProviderError(
                .modelNotFound, "\(Self.providerType) has no model '\(call.resource)'", field: "model")
        }
        let items = request.promptGenerations.enumerated().map { RewardItem($1, index: $0) }
        try check(items)
        var scored: [KScoredPromptGenerations] = []
        for item in items {
            try Task.checkCancellation()
            let scores = item.candidates.isEmpty ? [] : try await model.scores(item, call)
            try item.requireFinite(scores)
            scored.append(
                KScoredPromptGenerations(
                    prompt: item.dialog.message,
                    kScoredGenerations: zip(item.candidates, scores).map { ScoredMessage(message: $0, score: $1) }))
        }
        return RewardScoringResponse(scoredGenerations: scored)
    }

    private func check(_ items: [RewardItem]) throws {
        let count = items.reduce(0) { $0 + $1.candidates.count }
        guard count <= configuration.candidatesMax else {
            throw ProviderError(
                .invalidRequest,
                "prompt_generations must have at most \(configuration.candidatesMax) candidates together "
                    + "(candidates_max), got \(count)", field: "prompt_generations")
        }
        for item in items {
            for (index, candidate) in item.candidates.enumerated() where candidate.role != .assistant {
                let field = item.field(ofCandidate: index) + ".role"
                throw ProviderError(
                    .invalidRequest, "\(field) must be 'assistant', got '\(candidate.role.rawValue)'", field: field)
            }
        }
    }
}
