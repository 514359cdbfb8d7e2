/// PLACEHOLDER face; being written.
package struct ToolCallParser: Sendable {
    package init(tools: [ChatTool], limits: ToolCallLimits = .init()) {}
    package func parse(_ reply: String) -> ParsedReply { ParsedReply(content: reply, toolCalls: [], ending: nil) }
}

package struct ToolCallLimits: Sendable {
    package var argumentBytesMax = 64 << 10
    package var callsMax = 32
    package init() {}
}

package struct ParsedReply: Sendable, Equatable {
    package enum Ending: Sendable { case endOfTurn, endOfMessage }
    package var content: String
    package var toolCalls: [ChatToolCall]
    package var ending: Ending?
}

package struct ToolCallStream: Sendable {
    package enum Event: Sendable, Equatable { case text(String), call(ChatToolCall) }
    package init(parser: ToolCallParser?) {}
    package mutating func add(_ delta: String) -> [Event] { [.text(delta)] }
    package mutating func finish() -> [Event] { [] }
}
