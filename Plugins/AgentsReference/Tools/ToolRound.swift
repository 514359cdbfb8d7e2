import ProviderKit

/// One round of tools: the calls of one message, run side by side, between the shields of their tools.
struct ToolRound: Sendable {
    /// Calls that run at the same time.
    static let runningMax = 8

    private let agent: Agent
    private let runner: ToolRunner
    private let call: Call
    private var calls: [ToolCall]
    /// Calls from here on are over the turn's limit, and not run.
    private let runCount: Int
    private let callsMax: Int

    /// One call's outcome. Of an outcome that a shield refused nothing is told.
    struct Result: Sendable {
        var outcome: ToolOutcome
        var verdict: ShieldRun.Verdict?
    }

    init(_ calls: [ToolCall], run runCount: Int, _ agent: Agent, _ configuration: AgentsConfiguration, _ call: Call) {
        (self.calls, self.runCount, callsMax) = (calls, runCount, configuration.toolCallsMax)
        (self.agent, self.call) = (agent, call)
        runner = ToolRunner(agent: agent, configuration: configuration, call: call)
    }

    /// Has the input shields of the tools look at all calls, in one step.
    ///
    /// - Returns: the refusal that the turn ends with; nil: the calls may run.
    mutating func checkCalls(_ recorder: inout StepRecorder) async throws -> String? {
        let shields = try calls.map { try ShieldRun(agent.tool($0.toolName)?.inputShields ?? [], call) }
        guard shields.contains(where: { !$0.policies.isEmpty }) else { return nil }
        let messages = calls.map {
            Message(role: .assistant, content: .text(JSON.object($0.arguments).text), toolCalls: [$0])
        }
        let step = try await recorder.beginSafety(shields)
        let verdicts = try await inOrder(calls.count) { try await shields[$0].judge([messages[$0]]) }
        for (index, verdict) in verdicts.enumerated() where verdict.isChanged {
            if let changed = verdict.messages.first?.toolCalls.first { calls[index] = changed }
        }
        return try await recorder.end(step, verdicts)
    }

    /// Runs the calls, as one step; then the output shields of their tools have their step.
    ///
    /// - Parameter files: takes the files that the tools made.
    mutating func run(
        _ recorder: inout StepRecorder, _ budget: inout ToolBudget, _ files: inout TurnFiles
    ) async throws -> (responses: [ToolResponse], calls: [ToolCall], refusal: String?) {
        let step = try await recorder.begin(.toolExecution)
        let told = recorder
        var responses: [ToolResponse] = []
        var verdicts: [ShieldRun.Verdict] = []
        let (calls, callsMax) = (calls, callsMax)
        try await inOrder(
            calls.count, runningMax: Self.runningMax,
            starting: { index in try await told.progress(step) { $0.toolCall = calls[index] } },
            { [self] index in
                guard index < runCount else {
                    return Result(
                        outcome: .failure("Not run: a turn may run \(callsMax) calls of tools (tool_calls_max)."))
                }
                return try await result(of: calls[index])
            },
            ended: { index, result in
                let name = calls[index].toolName
                if let verdict = result.verdict { verdicts.append(verdict) }
                if let refusal = result.verdict?.refusal {
                    responses.append(ToolResponse(toolName: name, content: .text(refusal)))
                    return
                }
                if result.outcome.isError { budget.noteFailure(of: calls[index]) }
                let response = ToolResponse(toolName: name, content: files.take(from: result.outcome).content)
                responses.append(response)
                try await told.progress(step) { $0.toolResponseDelta = response }
            })
        try await recorder.end(
            step,
            .toolExecution(ToolExecutionStep(uuid: step.uuid, toolCalls: calls, toolResponses: responses)))
        let shields = try calls.map { try ShieldRun(agent.tool($0.toolName)?.outputShields ?? [], call) }
        guard !verdicts.isEmpty else { return (responses, calls, nil) }
        let safety = try await recorder.beginSafety(shields)
        return (responses, calls, try await recorder.end(safety, verdicts))
    }

    private func result(of toolCall: ToolCall) async throws -> Result {
        var outcome = try await runner.run(toolCall)
        let shields = try ShieldRun(agent.tool(toolCall.toolName)?.outputShields ?? [], call)
        guard !shields.policies.isEmpty else { return Result(outcome: outcome) }
        let message = Message(role: .tool, content: outcome.content.modelText)
        let verdict = try await shields.judge([message])
        if verdict.isChanged, let changed = verdict.messages.first { outcome.content = changed.content }
        return Result(outcome: outcome, verdict: verdict)
    }
}
