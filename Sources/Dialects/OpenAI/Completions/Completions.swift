import LlamaStackAPI

extension OpenAI {
    static let createCompletion = DialectEndpoint(
        .post, "/v1/completions", "/completions", method: "completions", body: CompletionBody.self,
        answer: CompletionAnswer.self, event: CompletionAnswer.self, summary: "Continue a text, whole or as events."
    ) { request, caller in try await CompletionCall(request, caller).run() }
}

/// One completion on its way through the draft's endpoint.
struct CompletionCall {
    private let request: CompletionBody
    private let caller: any Caller
    private let id: String
    private let created: Int

    init(_ request: CompletionBody, _ caller: any Caller) {
        (self.request, self.caller) = (request, caller)
        (id, created) = (caller.uniqueID("cmpl-"), caller.seconds)
    }

    func run() async throws -> DialectAnswer {
        var options = try request.options()
        if caller.supports("extended", Inference.completion.description, model: request.model) {
            options.extended = true
        }
        if isPlain { return .json(try await plain(options.options).jsonBytes) }
        let reader: EventReader<CompletionResponseStreamChunk>
        do {
            reader = try await caller.events(
                Inference.completion, request.draft(stream: true), model: request.model, options: options.options)
        } catch { throw told(error) }
        guard request.sampling.stream else { return .json(try await whole(reader).jsonBytes) }
        return .events { output in
            do { try await stream(reader, to: output) } catch { throw told(error) }
        }
    }

    private func told(_ error: any Error) -> any Error {
        (error as? DialectError)?.renamed(request.clientField) ?? error
    }

    /// Whether the draft's whole answer says all that the client asked for, as with chats.
    private var isPlain: Bool {
        !request.sampling.stream && (request.sampling.n ?? 1) == 1 && request.logprobs == nil
    }

    private func plain(_ options: JSONObject) async throws -> CompletionAnswer {
        let answer: CompletionResponse
        do {
            answer = try await caller.answer(
                Inference.completion, request.draft(stream: false), model: request.model, options: options)
        } catch { throw told(error) }
        guard let reason = answer.stopReason else {
            throw DialectError(.internal, "the provider ended the answer without a stop reason")
        }
        var usage = UsageSum()
        usage.add(GenerationDetails(usage: answer.usage))
        let choice = CompletionAnswer.Choice(
            text: answer.content.texts.joined(), index: 0, logprobs: OrNull(nil),
            finishReason: OrNull(FinishReason(reason)))
        return CompletionAnswer(
            id: id, created: created, model: request.model, choices: [choice], usage: usage.body.map { OrNull($0) })
    }

    private func whole(_ reader: EventReader<CompletionResponseStreamChunk>) async throws -> CompletionAnswer {
        var answers = Array(
            repeating: (text: "", logprobs: [JSONObject](), reason: StopReason?.none), count: request.sampling.n ?? 1)
        var usage = UsageSum()
        do {
            try await reader.forEachBatch { chunks in
                for chunk in chunks {
                    let index = min(max(0, chunk.details.index ?? 0), answers.count - 1)
                    answers[index].text += chunk.textDelta
                    if let logprobs = chunk.logprobs { answers[index].logprobs.append(logprobs) }
                    answers[index].reason = chunk.stopReason ?? answers[index].reason
                    usage.add(chunk.details)
                }
            }
        } catch { throw told(error) }
        let choices = try answers.enumerated().map { index, answer in
            guard let reason = answer.reason else {
                throw DialectError(.internal, "the provider ended the answer without a stop reason")
            }
            return CompletionAnswer.Choice(
                text: answer.text, index: index,
                logprobs: OrNull(request.logprobs == nil ? nil : CompletionLogprobs(answer.logprobs)),
                finishReason: OrNull(FinishReason(reason)))
        }
        return CompletionAnswer(
            id: id, created: created, model: request.model, choices: choices, usage: usage.body.map { OrNull($0) })
    }

    private func stream(
        _ reader: EventReader<CompletionResponseStreamChunk>, to output: any EventOutput
    ) async throws {
        let wantsUsage = request.sampling.streamOptions?.includeUsage == true
        let writer = ChunkWriter(
            id: id, object: CompletionAnswer.kind, created: created, model: request.model, hasUsage: wantsUsage)
        var usage = UsageSum()
        var written = Array(repeating: 0, count: request.sampling.n ?? 1)
        var ended = Array(repeating: false, count: written.count)
        try await reader.forEachBatch { chunks in
            var events: [[UInt8]] = []
            for chunk in chunks {
                let index = min(max(0, chunk.details.index ?? 0), written.count - 1)
                usage.add(chunk.details)
                let reason = chunk.stopReason.flatMap { $0 == .notStopped ? nil : $0 }
                guard !chunk.textDelta.isEmpty || chunk.logprobs != nil || reason != nil else { continue }
                ended[index] = ended[index] || reason != nil
                let offset = written[index]
                events.append(
                    writer.chunk(index, finish: reason.map { FinishReason($0) }) { bytes in
                        bytes += #""text":"#.utf8
                        chunk.textDelta.write(to: &bytes)
                        bytes += #","logprobs":"#.utf8
                        let lists = request.logprobs == nil ? nil : chunk.logprobs
                        OrNull(lists.map { CompletionLogprobs([$0], from: offset) }).write(to: &bytes)
                    })
                if request.logprobs != nil { written[index] += chunk.textDelta.unicodeScalars.count }
            }
            if events.isEmpty { try await output.ping() } else { try await output.send(events) }
        }
        guard ended.allSatisfy({ $0 }) else {
            throw DialectError(.internal, "the provider ended the stream without a stop reason")
        }
        if wantsUsage, let body = usage.body { try await output.send([writer.usage(body)]) }
    }
}
