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

    /// What a model writes that nothing holds to a form.
    private let free: JSONObject = ["tool_choice": "free"]

    /// With room for the tools' definitions.
    private static func model(
        _ script: [ScriptedModel.Piece], template: String = ScriptedModel.chatML
    ) -> ScriptedModel {
        ScriptedModel(script: script, contextTokens: 4096, template: template)
    }

    /// ChatML with tools and calls, as Hermes writes them.
    private static let hermes =
        "{% for tool in tools or [] %}{{ tool | tojson }}<tool_call>{% endfor %}" + ScriptedModel.chatML

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
        let answer = try await ServedModel(model).chat(ServedModel.request(tools: tools), options: free)
        #expect(
            answer == ChatCompletionResponse(content: "<tool_call>{\"name\": </tool_call>", stopReason: .finishedOK))
    }

    @Test("a mark that the vocabulary has as a token is text where it came as text")
    func spelledMark() async throws {
        let call = "{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Oslo\"}}"
        let script: [ScriptedModel.Piece] = [
            .text("I write <tool_call>"), .text(call), .text("</tool_call>."), .control("<tool_call>"),
            .text(" " + call),
            .control("</tool_call>"),
        ]
        let served = try await ServedModel(Self.model(script, template: Self.hermes))
        let chunks = try await served.chatChunks(ServedModel.request(tools: tools))
        #expect(chunks.map(\.textDelta).joined() == "I write <tool_call>\(call)</tool_call>.")
        #expect(chunks.compactMap(\.toolCall) == [ToolCall(toolName: "get_weather", arguments: ["city": "Oslo"])])
    }

    @Test("what follows a call is streamed as text")
    func textAfter() async throws {
        let chunks = try await ServedModel(Self.model(reply + [.text("\n\nDone.")]))
            .chatChunks(ServedModel.request(tools: tools))
        #expect(chunks.map(\.textDelta).joined() == "Done.")
        #expect(chunks.compactMap(\.toolCall) == [wanted])
    }

    @Test("a call that the length cuts off after another is in no stream and in no whole answer")
    func secondCutOff() async throws {
        let second = "{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Ber"
        let served = try await ServedModel(Self.model(reply + [.control("<tool_call>"), .text(second), .text("gen")]))
        let request = ServedModel.request(tools: tools, maxTokens: reply.count + 2)
        let chunks = try await served.chatChunks(request, options: free)
        #expect(chunks.map(\.textDelta).joined() == "")
        #expect(chunks.compactMap(\.toolCall) == [wanted])
        #expect(chunks.last?.stopReason == .maxTokens)
        let whole = try await served.chat(request, options: free)
        #expect(whole == ChatCompletionResponse(content: "", toolCalls: [wanted], stopReason: .maxTokens))
    }

    @Test("a call of a name that was not offered is text")
    func unknownName() async throws {
        let json = "{\"name\": \"Widget\", \"parameters\": {\"size\": 3}}"
        let answer = try await ServedModel(Self.model([.text(json)]))
            .chat(ServedModel.request(tools: tools), options: free)
        #expect(answer == ChatCompletionResponse(content: .text(json), stopReason: .finishedOK))
    }

    @Test("a call whose last brace is missing is one where the model ended it, and text where its length did")
    func cutOff() async throws {
        let json = "{\"name\": \"get_weather\", \"parameters\": {\"city\": \"Oslo\"}"
        let served = try await ServedModel(Self.model([.text(json), .text(" ")]))
        let ended = try await served.chat(ServedModel.request(tools: tools), options: free)
        #expect(ended.toolCalls == [ToolCall(toolName: "get_weather", arguments: ["city": "Oslo"])])
        let cut = try await served.chat(ServedModel.request(tools: tools, maxTokens: 1), options: free)
        #expect(cut == ChatCompletionResponse(content: .text(json), stopReason: .maxTokens))
    }

    @Test("thoughts are no part of an answer, and come as its reasoning to a caller who asks for more than the draft")
    func thoughts() async throws {
        let script: [ScriptedModel.Piece] = [
            .text("<think>"), .text("\nI could "), .control("<tool_call>"), .text("{\"name\": \"get_weather\"}"),
            .text(" not.\n</think>\n\n"), .text("Hello."),
        ]
        let served = try await ServedModel(Self.model(script, template: Self.hermes))
        let reasoning = "I could <tool_call>{\"name\": \"get_weather\"} not."
        for tools in [tools, []] {
            let request = ServedModel.request(tools: tools)
            let thought = tools.isEmpty ? reasoning.replacing("<tool_call>", with: "") : reasoning
            let whole = try await served.chat(request)
            #expect(whole == ChatCompletionResponse(content: "Hello.", stopReason: .finishedOK))
            #expect(whole.json["reasoning"] == nil)
            let extended = try await served.chat(request, options: ["extended": true])
            #expect(extended.reasoning == thought)
            #expect(extended.content == "Hello.")
            let chunks = try await served.chatChunks(request)
            #expect(chunks.map(\.textDelta).joined() == "Hello.")
            #expect(chunks.allSatisfy { $0.reasoning == nil })
            let more = try await served.chatChunks(request, options: ["extended": true])
            #expect(more.map(\.textDelta).joined() == "Hello.")
            #expect(more.compactMap(\.reasoning).joined() == thought)
        }
    }

    @Test("a reply to a prompt that ends with a thought's mark begins inside the thought")
    func openThought() async throws {
        let template = ScriptedModel.chatML.replacing("assistant\n", with: "assistant\n<think>\n")
        let served = try await ServedModel(
            Self.model([.text("Hm."), .text("</think>"), .text("Hello.")], template: template))
        let answer = try await served.chat(options: ["extended": true])
        #expect(answer.reasoning == "Hm.")
        #expect(answer.content == "Hello.")
    }

    @Test("without tools nothing is a call, and control tokens stay hidden")
    func noTools() async throws {
        let answer = try await ServedModel(Self.model(reply)).chat()
        #expect(answer.toolCalls.isEmpty)
        #expect(answer.content == "\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Oslo\", \"days\": 2}}\n")
    }
}
