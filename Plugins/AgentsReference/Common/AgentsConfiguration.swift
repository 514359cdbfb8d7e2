import ProviderKit

/// The `config:` of an `inline::reference` entry of `agentic_system`.
package struct AgentsConfiguration: WireRecord {
    package var agentsMax: Int
    package var toolRoundsMax: Int
    package var toolCallsMax: Int
    package var turnTokensMax: Int
    package var turnSecondsMax: Int
    package var toolSecondsMax: Int
    package var toolResultBytesMax: Int
    package var idempotency: IdempotencySettings

    package static let object = Object(
        "AgentsConfiguration", isComponent: false, Self.init,
        Field("agents_max", \.agentsMax, default: 100_000, check: .within(1...10_000_000), "Agents in all."),
        Field(
            "tool_rounds_max", \.toolRoundsMax, default: 10, check: .within(0...1000),
            "How often a turn may run tools; then the model answers without them."),
        Field(
            "tool_calls_max", \.toolCallsMax, default: 32, check: .within(0...10_000),
            "Calls that a turn may run; then the model answers without tools."),
        Field(
            "turn_tokens_max", \.turnTokensMax, default: 0, check: .within(0...100_000_000),
            "Tokens that the model may write in a turn; 0: as many as its context has room for."),
        Field(
            "turn_seconds_max", \.turnSecondsMax, default: 300, check: .within(1...86_400),
            "How long a turn may take; then it ends with an error."),
        Field(
            "tool_seconds_max", \.toolSecondsMax, default: 60, check: .within(1...86_400),
            "How long one call of a tool may take; then its result says so, and the turn goes on."),
        Field(
            "tool_result_bytes_max", \.toolResultBytesMax, default: 32_768, check: .within(256...(16 << 20)),
            "How much of a tool's result the model is given; the rest is cut off, and a line says so."),
        Inline(\.idempotency, IdempotencySettings.object))
}
