import ProviderKit
import Testing

@testable import InferenceCPU

@Suite(.timeLimit(.minutes(60))) struct ToolCallTests {
    private let tools = [ToolDefinition(toolName: "get_weather", parameters: ["city": ["param_type": "string"]])]
    private let wanted = ToolCall(toolName: "get_weather", arguments: ["city": "Oslo", "days": 2])
    private let reply: [ScriptedModel.Piece] = [
        .control("<tool_call>"), .text("\n{\"name\": \"get_weather\", "),
        .text("\"arguments\": {\"city\": \"Oslo\", \"days\": 2}}\n"),
        .control("</tool_call>"),
    ]

    /// With room for the tools' definitions.
    private static func model(_ script: [ScriptedModel.Piece]) -> ScriptedModel {
        ScriptedModel(script: script, contextTokens: 1024)
    }

    @Test("a call in a whole answer is parsed, and the content is empty")
    func whole() async throws {
        let answer = try await ServedModel(Self.model(reply)).chat(ServedModel.request(tools: tools))
        #expect(answer == ChatCompletionResponse(content: "", toolCalls: [wanted], stopReason: .finishedOK))
    }

    @Test("a call in a stream is one chunk with an empty text, and none of its text is shown")
    func streamed() async throws {
        let chunks = try await ServedModel(Self.model(reply)).chatChunks(ServedModel.request(tools: tools))
        #expect(
            chunks == [
                ChatCompletionResponseStreamChunk(textDelta: "", toolCall: wanted),
                ChatCompletionResponseStreamChunk(textDelta: "", stopReason: .finishedOK),
            ])
    }

    @Test("text before a call is streamed")
    func textFirst() async throws {
        let chunks = try await ServedModel(Self.model([.text("Let me see. ")] + reply))
            .chatChunks(ServedModel.request(tools: tools))
        #expect(chunks.map(\.textDelta).joined() == "Let me see. ")
        #expect(chunks.compactMap(\.toolCall) == [wanted])
    }

    @Test("a built-in tool's call after the python tag is parsed, though the tag is a control token")
    func pythonTag() async throws {
        let model = Self.model([.control("<|python_tag|>"), .text("brave_search.call(query=\"Oslo\")")])
        let answer = try await ServedModel(model).chat(
            ServedModel.request(tools: [ToolDefinition(toolName: .builtin(.webSearch))]))
        #expect(answer.toolCalls == [ToolCall(toolName: "web_search", arguments: ["query": "Oslo"])])
    }

    @Test("a call that can't be parsed is text")
    func broken() async throws {
        let model = Self.model([.control("<tool_call>"), .text("{\"name\": "), .control("</tool_call>")])
        let answer = try await ServedModel(model).chat(ServedModel.request(tools: tools))
        #expect(
            answer == ChatCompletionResponse(content: "<tool_call>{\"name\": </tool_call>", stopReason: .finishedOK))
    }

    @Test("without tools nothing is a call, and control tokens stay hidden")
    func noTools() async throws {
        let answer = try await ServedModel(Self.model(reply)).chat()
        #expect(answer.toolCalls.isEmpty)
        #expect(answer.content == "\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Oslo\", \"days\": 2}}\n")
    }
}
