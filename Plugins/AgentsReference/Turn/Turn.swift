import ProviderKit

/// One turn of an agent: a loop of inference and tools, with shields and memory around it, from the caller's messages
/// to the reply.
struct Turn: Sendable {
    /// Calls of one message that are looked at: a model that writes more is not calling tools.
    private static let callsOfMessageMax = 64
    /// A reply is cut there, as at a limit on tokens.
    private static let replyBytesMax = 4 << 20

    let agent: Agent
    let configuration: AgentsConfiguration
    let call: Call
    private var recorder: StepRecorder
    /// The messages that the model is given, without the system message.
    private var dialog: [Message]
    /// Where the request's last message of the user stands in it; nil when it brings tools' results alone.
    private let userMessage: Int?
    private let userMessages: [Message]
    private var budget: ToolBudget
    private var files = TurnFiles()
    /// About as many as the model has written.
    private var tokens = 0

    /// - Parameter stream: told of what happens.
    init(
        _ agent: Agent, _ request: AgenticSystemExecuteRequest, _ configuration: AgentsConfiguration, _ call: Call,
        _ stream: EventStream<StepRecorder.Event>
    ) throws {
        (self.agent, self.configuration, self.call) = (agent, configuration, call)
        recorder = StepRecorder(stream)
        budget = ToolBudget(configuration)
        userMessages = request.messages
        var builder = DialogBuilder()
        for (index, turn) in request.turnHistory.enumerated() { try builder.add(turn, at: "turn_history[\(index)]") }
        let first = request.messages.firstIndex { $0.role != .system }
        guard let first, request.messages[first].role != .assistant else {
            throw ProviderError(
                .invalidRequest,
                "messages must begin with a message of the user or a tool's result, got "
                    + (first == nil ? "none" : "one of the assistant"), field: "messages")
        }
        let history = builder.messages.count
        try builder.add(request.messages, at: "messages")
        dialog = builder.finish()
        userMessage = dialog[history...].lastIndex { $0.role == .user }
    }

    /// Runs it. Throws what ended it: the error of a provider that it could not do without, or `CancellationError`.
    mutating func run() async throws -> AgenticSystemTurn {
        if let refusal = try await checkInput() { return turn(.text(refusal)) }
        try await retrieve()
        while true {
            let reply = try await infer(tools: budget.isSpent ? [] : agent.offeredTools)
            if let refusal = reply.verdict.refusal {
                _ = try await recordOutputShields(reply.verdict)
                return turn(.text(refusal))
            }
            let calls = budget.isSpent ? [] : reply.calls.prefix(Self.callsOfMessageMax)
            let callers = calls.filter { isCallers($0) }
            let own = calls.filter { !isCallers($0) }
            if !own.isEmpty, let refusal = try await runTools(own, saying: reply.text) { return turn(.text(refusal)) }
            if own.isEmpty || !callers.isEmpty {
                _ = try await recordOutputShields(reply.verdict)
                return turn(files.content(reply.text), calls: callers)
            }
        }
    }

    /// A tool that the agent may offer and the server does not run.
    private func isCallers(_ call: ToolCall) -> Bool {
        agent.tool(call.toolName) != nil && !agent.definition.executableTools.contains(call.toolName)
    }

    private func turn(_ content: Content, calls: [ToolCall] = []) -> AgenticSystemTurn {
        AgenticSystemTurn(
            userMessages: userMessages, steps: recorder.steps,
            responseMessage: Message(role: .assistant, content: content, toolCalls: calls))
    }

    // MARK: Before the first inference

    /// - Returns: the refusal that the turn ends with.
    private mutating func checkInput() async throws -> String? {
        let shields = try ShieldRun(agent.definition.inputShields, call)
        guard !shields.policies.isEmpty else { return nil }
        let step = try await recorder.beginSafety([shields])
        let verdict = try await shields.judge(dialog)
        dialog = verdict.messages
        return try await recorder.end(step, [verdict])
    }

    /// Searches the agent's banks once, and puts what was found behind the user's message.
    private mutating func retrieve() async throws {
        let banks = agent.definition.memoryBankUUIDs
        guard !banks.isEmpty, let userMessage else { return }
        let text = dialog[userMessage].content.text
        guard !text.isEmpty else { return }
        let step = try await recorder.begin(.memoryRetrieval)
        let found = try await MemorySearch(banks: banks, call: call).search(text)
        for document in found.documents {
            try await recorder.progress(step) { $0.retrievedDocument = document }
        }
        dialog[userMessage].content = dialog[userMessage].content.appending(
            RetrievedText.behindMessage(found.documents))
        try await recorder.end(
            step,
            .memoryRetrieval(MemoryRetrievalStep(uuid: step.uuid, documents: found.documents, scores: found.scores)))
    }

    // MARK: The loop

    /// The model's words, as far as the output shields let them out, and the shields' answers.
    private struct Reply {
        var text = ""
        var calls: [ToolCall] = []
        var verdict: ShieldRun.Verdict
    }

    private mutating func infer(tools: [ToolDefinition]) async throws -> Reply {
        let step = try await recorder.begin(.modelInference)
        var gate = try await ReplyGate(ShieldRun(agent.definition.outputShields, call), behind: dialog)
        let holdsCalls = !agent.definition.outputShields.isEmpty
        var (text, stopReason, written, bytes) = ("", StopReason.finishedOK, 0, 0)
        let recorder = recorder
        func release(_ piece: String) async throws {
            guard !piece.isEmpty else { return }
            text += piece
            try await recorder.progress(step) { $0.responseTextDelta = piece }
        }
        if let request = request(tools) {
            try await InferenceRun(call: call).ask(request) { chunk in
                if !chunk.textDelta.isEmpty {
                    written += 1
                    try await release(gate.add(chunk.textDelta))
                }
                if let toolCall = chunk.toolCall, !tools.isEmpty {
                    written += toolCall.estimatedTokens
                    gate.add(toolCall)
                    if !holdsCalls { try await recorder.progress(step) { $0.toolCall = toolCall } }
                }
                if let reason = chunk.stopReason { stopReason = reason }
                bytes += chunk.textDelta.utf8.count + (chunk.toolCall?.estimatedTokens ?? 0) * 4
                if bytes > Self.replyBytesMax { stopReason = .maxTokens }
                return gate.verdict.refusal == nil && bytes <= Self.replyBytesMax
            }
            if gate.verdict.refusal == nil { try await release(gate.finish()) }
        } else {
            stopReason = .maxTokens
        }
        tokens += written
        let isRefused = gate.verdict.refusal != nil
        if holdsCalls, !isRefused {
            for toolCall in gate.calls { try await recorder.progress(step) { $0.toolCall = toolCall } }
        }
        try await self.recorder.end(
            step, .modelInference(ModelInferenceStep(uuid: step.uuid, text: text)), stopReason: stopReason)
        return Reply(text: text, calls: isRefused ? [] : gate.calls, verdict: gate.verdict)
    }

    /// nil when the turn has no tokens left.
    private func request(_ tools: [ToolDefinition]) -> ChatCompletionRequest? {
        let left = configuration.turnTokensMax - tokens
        guard configuration.turnTokensMax == 0 || left > 0 else { return nil }
        let instructions = agent.definition.instructions
        let system = instructions.isEmpty ? [] : [Message(role: .system, content: .text(instructions))]
        let messages = system + dialog
        return ChatCompletionRequest(
            model: agent.definition.model,
            dialog: Dialog(message: messages[messages.count - 1], messageHistory: messages.dropLast()),
            availableTools: tools, maxTokens: max(left, 0), stream: true)
    }

    /// Runs the server's tools, and puts calls and results into the dialog.
    ///
    /// - Parameter text: what the model wrote beside the calls.
    /// - Returns: the refusal that the turn ends with.
    private mutating func runTools(_ calls: [ToolCall], saying text: String) async throws -> String? {
        var round = ToolRound(calls, run: budget.take(calls.count), agent, configuration, call)
        if let refusal = try await round.checkCalls(&recorder) { return refusal }
        let ran = try await round.run(&recorder, &budget, &files)
        dialog.append(Message(role: .assistant, content: .text(text), toolCalls: ran.calls))
        dialog.append(.results(ran.responses.map(\.forModel)))
        return ran.refusal
    }

    /// The step of the agent's output shields, at the end of the turn.
    private mutating func recordOutputShields(_ verdict: ShieldRun.Verdict) async throws -> String? {
        let shields = try ShieldRun(agent.definition.outputShields, call)
        guard !shields.policies.isEmpty else { return nil }
        return try await recorder.end(recorder.beginSafety([shields]), [verdict])
    }
}

extension ToolCall {
    /// A token has about four bytes.
    fileprivate var estimatedTokens: Int { (toolName.utf8.count + JSON.object(arguments).bytes.count) / 4 + 1 }
}
