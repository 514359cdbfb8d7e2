import Grammars
import LlamaEngine
import ProviderKit

/// A request that is ready to run, as one answer or several.
struct PreparedAnswer: Sendable {
    let run: GenerationRun
    let options: GenerationOptions
    /// How the tokens of each answer are chosen.
    private let samplings: [Sampling]

    /// The caller takes what the draft has no field for.
    var isExtended: Bool { options.extended ?? false }

    init(
        _ model: LoadedModel, _ call: Call, _ options: GenerationOptions, _ parameters: SamplingParams,
        prompt: [Int32], promptField: String, tokensMax: Int, logprobs: Bool, stopTokens: Set<Int32>,
        rule: () async throws -> AnswerRule
    ) async throws {
        self.options = options
        samplings = try (0..<(options.n ?? 1)).map {
            try Sampling(parameters, options, logprobs: logprobs, answer: $0, stopTokens: stopTokens)
        }
        guard samplings.count == 1 || options.extended == true else {
            throw ProviderError(
                .invalidRequest, "n above 1 needs extended: without it chunks don't tell which answer they are of",
                field: "n")
        }
        var request = Generation.Request(
            prompt: prompt, tokensMax: tokensMax, sampling: samplings[0], stopTokens: stopTokens,
            deadline: call.deadline, owner: call.principal)
        let rule = try await rule()
        (request.grammar, request.opening) = (rule.grammar, rule.opening)
        if request.grammar != nil, options.ignoreEOS == true {
            throw ProviderError(
                .invalidRequest,
                "ignore_eos can't be held to together with a schema or tools, which say where an answer ends: leave one "
                    + "of them out", field: "ignore_eos")
        }
        run = GenerationRun(
            model: model, call: call, request: request, promptField: promptField,
            progress: options.extended == true ? ProgressWatch() : nil)
    }

    private init(_ run: GenerationRun, _ options: GenerationOptions, _ sampling: Sampling) {
        (self.run, self.options, samplings) = (run, options, [sampling])
    }

    /// A whole answer has no place for several.
    func checkSingle() throws(ProviderError) {
        guard samplings.count == 1 else {
            throw ProviderError(.invalidRequest, "n above 1 needs stream: a whole answer is one", field: "n")
        }
    }

    /// Runs `answer` for each of the answers, side by side, with its index where there are several. They share the
    /// prompt's keys and values: the first computes them. One that fails ends the others.
    func eachAnswer(_ answer: @escaping @Sendable (PreparedAnswer, Int?) async throws -> Void) async throws {
        guard samplings.count > 1 else { return try await answer(self, nil) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, sampling) in samplings.enumerated() {
                let one = PreparedAnswer(run.with(sampling), options, sampling)
                group.addTask { try await answer(one, index) }
            }
            try await group.waitForAll()
        }
    }

    /// The details of an answer's last chunk.
    func details(_ finish: Generation.Finish, _ stopSequence: String?, _ index: Int?) -> GenerationDetails {
        isExtended
            ? GenerationDetails(index: index, usage: TokenUsage(finish), stopSequence: stopSequence)
            : GenerationDetails()
    }
}
