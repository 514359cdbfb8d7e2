import LlamaStackAPI

extension OpenAI {
    static let createChatCompletion = DialectEndpoint(
        .post, "/v1/chat/completions", "/chat/completions", method: "chat_completions", body: ChatRequest.self,
        answer: ChatAnswer.self, event: ChatChunk.self, summary: "Answer a chat, whole or as events."
    ) { request, caller in try await ChatCall(request, caller).run() }
}

/// One chat on its way through the draft's endpoint.
struct ChatCall {
    private let request: ChatRequest
    private let caller: any Caller
    private let dialog: ChatDialog
    private let id: String
    private let created: Int

    init(_ request: ChatRequest, _ caller: any Caller) throws(DialectError) {
        (self.request, self.caller) = (request, caller)
        dialog = try ChatDialog(request.messages)
        (id, created) = (caller.uniqueID("chatcmpl-"), caller.seconds)
    }

    func run() async throws -> DialectAnswer {
        var options = try request.options()
        if caller.supports("extended", Inference.chatCompletion.description, model: request.model) {
            options.extended = true
        }
        if isPlain { return .json(try await plain(options.options).jsonBytes) }
        let reader: EventReader<ChatCompletionResponseStreamChunk>
        do {
            reader = try await caller.events(
                Inference.chatCompletion, request.draft(dialog.dialog, stream: true), model: request.model,
                options: options.options)
        } catch { throw told(error) }
        guard request.sampling.stream else { return .json(try await whole(reader).jsonBytes) }
        return .events { output in
            do { try await stream(reader, to: output) } catch { throw told(error) }
        }
    }

    /// An error of the draft's call, about the client's fields.
    private func told(_ error: any Error) -> any Error {
        guard let error = error as? DialectError else { return error }
        return error.renamed { request.clientField($0, dialog) }
    }

    private func finish(_ reason: StopReason, hasCalls: Bool) -> FinishReason {
        // A named choice leaves the model nothing to decide: OpenAI says stop then.
        if case .named? = request.toolChoice { return FinishReason(reason) }
        return hasCalls && reason != .maxTokens ? .toolCalls : FinishReason(reason)
    }

    // MARK: Whole

    /// Whether the draft's whole answer says all that the client asked for: it is one, and its log probabilities have
    /// no bytes. It comes at once, where events come one by one.
    private var isPlain: Bool { !request.sampling.stream && (request.sampling.n ?? 1) == 1 && !request.logprobs }

    private func plain(_ options: JSONObject) async throws -> ChatAnswer {
        let answer: ChatCompletionResponse
        do {
            answer = try await caller.answer(
                Inference.chatCompletion, request.draft(dialog.dialog, stream: false), model: request.model,
                options: options)
        } catch { throw told(error) }
        var usage = UsageSum()
        usage.add(GenerationDetails(usage: answer.usage))
        let parts = Parts(
            text: answer.content.texts.joined(), reasoning: answer.reasoning ?? "",
            calls: answer.toolCalls.map { ReplyCall($0, id: caller.uniqueID("call_")) }, stopReason: answer.stopReason)
        return ChatAnswer(
            id: id, created: created, model: request.model, choices: [try choice(0, parts)], usage: usage.body)
    }

    private struct Parts {
        var text = ""
        var reasoning = ""
        var calls: [ReplyCall] = []
        var logprobs: [TokenLogprob] = []
        var stopReason: StopReason?
    }

    private func whole(_ reader: EventReader<ChatCompletionResponseStreamChunk>) async throws -> ChatAnswer {
        var answers = Array(repeating: Parts(), count: request.sampling.n ?? 1)
        var usage = UsageSum()
        do {
            try await reader.forEachBatch { chunks in
                for chunk in chunks {
                    let index = min(max(0, chunk.details.index ?? 0), answers.count - 1)
                    answers[index].text += chunk.textDelta
                    answers[index].reasoning += chunk.reasoning ?? ""
                    answers[index].logprobs += chunk.logprobs ?? []
                    if let call = chunk.toolCall {
                        answers[index].calls.append(ReplyCall(call, id: caller.uniqueID("call_")))
                    }
                    answers[index].stopReason = chunk.stopReason ?? answers[index].stopReason
                    usage.add(chunk.details)
                }
            }
        } catch { throw told(error) }
        let choices = try answers.enumerated().map { try choice($0, $1) }
        return ChatAnswer(id: id, created: created, model: request.model, choices: choices, usage: usage.body)
    }

    private func choice(_ index: Int, _ parts: Parts) throws -> ChatAnswer.Choice {
        guard let stopReason = parts.stopReason else {
            throw DialectError(.internal, "the provider ended the answer without a stop reason")
        }
        // A reply that calls says nothing else, whatever came before the call.
        return ChatAnswer.Choice(
            index: index,
            message: .init(
                content: parts.calls.isEmpty ? parts.text : nil, toolCalls: parts.calls.isEmpty ? nil : parts.calls,
                reasoning: parts.reasoning.isEmpty ? nil : parts.reasoning),
            logprobs: OrNull(request.logprobs ? ChatLogprobs(parts.logprobs) : nil),
            finishReason: finish(stopReason, hasCalls: !parts.calls.isEmpty))
    }

    // MARK: Events

    private func stream(
        _ reader: EventReader<ChatCompletionResponseStreamChunk>, to output: any EventOutput
    ) async throws {
        let wantsUsage = request.sampling.streamOptions?.includeUsage == true
        let writer = ChunkWriter(
            id: id, object: ChatObject.chunk.rawValue, created: created, model: request.model, hasUsage: wantsUsage)
        var usage = UsageSum()
        var callCounts = Array(repeating: 0, count: request.sampling.n ?? 1)
        var ended = Array(repeating: false, count: callCounts.count)
        let opening = callCounts.indices.map { index in
            writer.chunk(index) {
                $0 += #""delta":{"role":"assistant","content":"","refusal":null},"logprobs":null"#.utf8
            }
        }
        try await output.send(opening)
        try await reader.forEachBatch { chunks in
            var events: [[UInt8]] = []
            events.reserveCapacity(chunks.count)
            var isWaiting = false
            for chunk in chunks {
                let index = min(max(0, chunk.details.index ?? 0), callCounts.count - 1)
                let count = events.count
                if let reasoning = chunk.reasoning, !reasoning.isEmpty {
                    events.append(
                        writer.chunk(index) { bytes in
                            bytes += #""delta":{"reasoning_content":"#.utf8
                            reasoning.write(to: &bytes)
                            bytes += #","reasoning":"#.utf8
                            reasoning.write(to: &bytes)
                            bytes += #"},"logprobs":null"#.utf8
                        })
                }
                if !chunk.textDelta.isEmpty || chunk.logprobs?.isEmpty == false {
                    events.append(writer.chunk(index) { text(chunk, to: &$0) })
                }
                if let call = chunk.toolCall {
                    events += callEvents(call, number: callCounts[index], index, writer)
                    callCounts[index] += 1
                }
                usage.add(chunk.details)
                if let reason = chunk.stopReason, reason != .notStopped {
                    ended[index] = true
                    events.append(
                        writer.chunk(index, finish: finish(reason, hasCalls: callCounts[index] > 0)) {
                            $0 += #""delta":{},"logprobs":null"#.utf8
                        })
                }
                isWaiting = isWaiting || events.count == count
            }
            if events.isEmpty, isWaiting { try await output.ping() } else { try await output.send(events) }
        }
        guard ended.allSatisfy({ $0 }) else {
            throw DialectError(.internal, "the provider ended the stream without a stop reason")
        }
        if wantsUsage, let body = usage.body { try await output.send([writer.usage(body)]) }
    }

    private func text(_ chunk: ChatCompletionResponseStreamChunk, to bytes: inout [UInt8]) {
        bytes += #""delta":{"content":"#.utf8
        chunk.textDelta.write(to: &bytes)
        bytes += #"},"logprobs":"#.utf8
        if request.logprobs, let logprobs = chunk.logprobs, !logprobs.isEmpty {
            ChatLogprobs(logprobs).write(to: &bytes)
        } else {
            bytes += "null".utf8
        }
    }

    /// The first has all but the arguments.
    private func callEvents(_ call: ToolCall, number: Int, _ index: Int, _ writer: ChunkWriter) -> [[UInt8]] {
        let call = ReplyCall(call, id: caller.uniqueID("call_"))
        let opening = writer.chunk(index) { bytes in
            bytes += #""delta":{"tool_calls":[{"index":\#(number),"id":"#.utf8
            call.id.write(to: &bytes)
            bytes += #","type":"function","function":{"name":"#.utf8
            call.function.name.write(to: &bytes)
            bytes += #","arguments":""}}]},"logprobs":null"#.utf8
        }
        let arguments = writer.chunk(index) { bytes in
            bytes += #""delta":{"tool_calls":[{"index":\#(number),"function":{"arguments":"#.utf8
            call.function.arguments.write(to: &bytes)
            bytes += #"}}]},"logprobs":null"#.utf8
        }
        return [opening, arguments]
    }
}

/// The tokens of a request: its prompt once, and all that was generated.
struct UsageSum {
    private var prompt: TokenUsage?
    private var completionTokens = 0

    mutating func add(_ details: GenerationDetails) {
        guard let usage = details.usage else { return }
        // Of several answers to one prompt, one computes it and the others find it computed.
        if usage.cachedTokens < prompt?.cachedTokens ?? .max { prompt = usage }
        completionTokens += usage.completionTokens
    }

    /// nil where the provider does not count them.
    var body: UsageBody? {
        prompt.map {
            UsageBody(
                promptTokens: $0.promptTokens, completionTokens: completionTokens,
                totalTokens: $0.promptTokens + completionTokens, details: .init(cachedTokens: $0.cachedTokens))
        }
    }
}
