import Dispatch
import ProviderKit
import Synchronization

/// Has a model answer prompts several times, scores the answers, and keeps the good ones.
package final class SyntheticDataProvider: SyntheticDataGenerationProvider {
    package static let providerType = "inline::reference"
    package static let version = "1.0.0"
    package static let summary = "Writes candidates with a model, scores and filters them, and makes datasets of them."
    package static let needs: [API] = [.inference]
    package static let wants: [API] = [.rewardScoring, .datasets]
    package static let resources: [ResourceKind]? = []

    private let configuration: SyntheticDataConfiguration
    private let folder: DatasetFolder?
    /// Datasets that are being made.
    private let making = Mutex<Set<String>>([])
    /// Writing blocks: not on Swift's shared threads.
    private let queue = DispatchQueue(label: "synthetic-data", attributes: .concurrent)

    package init(configuration: SyntheticDataConfiguration, context: ProviderContext) async throws {
        self.configuration = configuration
        folder = try configuration.datasetFolder.flatMap {
            context.purpose == .check ? nil : try DatasetFolder(path: context.path($0))
        }
        if configuration.generations > 1, configuration.samplingParams.temperature == 0 {
            context.log.warning(
                "sampling_params takes the likeliest token, so the candidates of a prompt are all the same",
                ["generations": "\(configuration.generations)"])
        }
    }

    package func generate(
        _ request: SyntheticDataGenerationRequest, _ call: Call
    ) async throws -> SyntheticDataGenerationResponse {
        let settings = try ScoringSettings(request)
        try check(request)
        guard let uuid = settings.datasetUUID else { return try await data(request, settings, call).response }
        guard let folder else {
            throw ProviderError(
                .invalidRequest,
                "reward_scoring.dataset_uuid asks for a dataset, and this provider's config has no dataset_folder to "
                    + "write it in", field: "reward_scoring.dataset_uuid")
        }
        try await begin(uuid, call)
        defer { making.withLock { _ = $0.remove(uuid) } }
        var (response, rows) = try await data(request, settings, call)
        let isRegistered = try await register(rows, settings, uuid, folder, request, call)
        response.statistics?["dataset"] = [
            "uuid": .string(uuid), "form": .string(settings.datasetForm.rawValue), "rows": .integer(Int64(rows.count)),
            "is_registered": .bool(isRegistered),
        ]
        return response
    }

    /// Refuses what is known to be wrong before anything is written.
    private func check(_ request: SyntheticDataGenerationRequest) throws {
        guard request.prompts.count <= configuration.promptsMax else {
            throw ProviderError(
                .invalidRequest,
                "prompts must be at most \(configuration.promptsMax) (prompts_max), got \(request.prompts.count)",
                field: "prompts")
        }
        if let index = request.prompts.firstIndex(where: { $0.role != .user }) {
            let field = "prompts[\(index)].role"
            throw ProviderError(
                .invalidRequest, "\(field) must be 'user', got '\(request.prompts[index].role.rawValue)'", field: field)
        }
    }

    // MARK: - The data

    private func data(
        _ request: SyntheticDataGenerationRequest, _ settings: ScoringSettings, _ call: Call
    ) async throws -> (response: SyntheticDataGenerationResponse, rows: [JSONObject]) {
        let start = ContinuousClock.now
        if let model = settings.model {
            // One that does not exist is found here, and not when all is written.
            _ = try await call.rewardScoring().score(
                RewardScoringRequest(promptGenerations: [], model: RewardModel(rawValue: model)))
        }
        let stream = CandidateStream(configuration, settings, call)
        let prompts = try await stream.run(request.prompts)
        let filter = CandidateFilter(request.filteringFunction, settings)
        let maker = RowMaker(form: settings.datasetForm, margin: settings.margin)
        var (answers, rows): ([KScoredPromptGenerations], [JSONObject]) = ([], [])
        for (index, prompt) in prompts.enumerated() {
            let places = Set(filter.keep(prompt.distinct.map(\.scored), prompt: index).map(\.candidate))
            let kept = prompt.distinct.filter { places.contains($0.place) }
            answers.append(
                KScoredPromptGenerations(
                    prompt: prompt.prompt,
                    kScoredGenerations: kept.map { ScoredMessage(message: $0.message, score: $0.score) }))
            rows += maker.rows(prompt, kept: kept)
        }
        let statistics = Statistics(
            prompts: prompts, kept: answers.reduce(0) { $0 + $1.kScoredGenerations.count },
            seconds: (.now - start) / .seconds(1), configuration: configuration, settings: settings,
            function: request.filteringFunction, isRepeatable: stream.isRepeatable
        ).json
        call.log.info(
            "synthetic data", ["prompts": "\(prompts.count)", "kept": "\(statistics["kept"]?.text ?? "")"])
        return (SyntheticDataGenerationResponse(syntheticData: answers, statistics: statistics), rows)
    }

    // MARK: - The dataset

    /// Takes the id, if no dataset has it.
    private func begin(_ uuid: String, _ call: Call) async throws {
        let taken = ProviderError(
            .alreadyExists, "there is a dataset '\(uuid)' already, or one is being made",
            field: "reward_scoring.dataset_uuid")
        guard making.withLock({ $0.insert(uuid).inserted }) else { throw taken }
        do {
            _ = try await call.datasets().get(DatasetQuery(datasetID: uuid))
        } catch let error as ProviderError where error.code == .notFound {
            return
        } catch {
            making.withLock { _ = $0.remove(uuid) }
            throw error
        }
        making.withLock { _ = $0.remove(uuid) }
        throw taken
    }

    /// Writes and registers the rows. False when there are none: a dataset has one at least.
    private func register(
        _ rows: [JSONObject], _ settings: ScoringSettings, _ uuid: String, _ folder: DatasetFolder,
        _ request: SyntheticDataGenerationRequest, _ call: Call
    ) async throws -> Bool {
        guard !rows.isEmpty else {
            call.log.warning("no candidate became a row, so no dataset was made", ["dataset": uuid])
            return false
        }
        let file = try await queue.run { try folder.add(rows, for: uuid) }
        let dataset = Dataset(
            columns: RowMaker(form: settings.datasetForm, margin: settings.margin).columns, contentURL: file.url,
            metadata: [
                "made_by": "synthetic_data_generation", "model": .string(configuration.model),
                "filtering_function": .string(request.filteringFunction.rawValue), "reward_scoring": settings.json,
            ])
        do {
            try await call.datasets().create(CreateDatasetRequest(uuid: uuid, dataset: dataset))
        } catch let error as ProviderError where error.code == .alreadyExists {
            try? await queue.run { folder.remove(file.path) }
            throw error
        } catch let error as ProviderError {
            // The work of an hour is not thrown away because of a word in a file.
            throw ProviderError(
                error.code,
                "the dataset could not be registered: \(error.message); its rows are in \(file.url.string), which "
                    + "datasets must be allowed to read (file_roots)", field: "reward_scoring.dataset_uuid")
        }
        return true
    }
}

extension DispatchQueue {
    fileprivate func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            async { continuation.resume(with: Result { try body() }) }
        }
    }
}
