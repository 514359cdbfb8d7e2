import ProviderKit

/// How much a turn may still do with tools.
struct ToolBudget: Sendable {
    private let roundsMax: Int
    private let callsMax: Int
    private var rounds = 0
    private var calls = 0
    private var failed: Set<String> = []
    private var hasFailedAgain = false

    init(_ configuration: AgentsConfiguration) {
        (roundsMax, callsMax) = (configuration.toolRoundsMax, configuration.toolCallsMax)
    }

    /// The model must go on without tools.
    var isSpent: Bool { rounds >= roundsMax || calls >= callsMax || hasFailedAgain }

    /// Begins a round; answers how many of `count` calls may be run in it.
    mutating func take(_ count: Int) -> Int {
        rounds += 1
        let taken = min(count, callsMax - calls)
        calls += taken
        return taken
    }

    /// The same call that fails twice would fail a third time.
    mutating func noteFailure(of call: ToolCall) {
        if !failed.insert(call.toolName + "\n" + JSON.object(call.arguments).text).inserted { hasFailedAgain = true }
    }
}
