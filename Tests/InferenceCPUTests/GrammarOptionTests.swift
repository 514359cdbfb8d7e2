import ProviderKit
import Testing

@testable import InferenceCPU

/// The options `tool_choice` and `response_schema`, with a model that has no opinion: of the tokens that are allowed it
/// takes the first, and of several literals the shortest.
@Suite(.timeLimit(.minutes(60))) struct GrammarOptionTests {
    private static let tools = [
        ToolDefinition(
            toolName: "paint",
            parameters: [
                "type": "object", "properties": ["color": ["enum": ["red", "blue"]], "twice": ["type": "boolean"]],
                "required": ["color", "twice"],
            ]),
        ToolDefinition(
            toolName: "halt", parameters: ["type": "object", "properties": [:], "additionalProperties": false]),
    ]

    private static func served(
        _ script: [ScriptedModel.Piece] = [.text("Hello.")], template: String = ScriptedModel.chatML
    ) async throws -> ServedModel {
        var model = ScriptedModel(script: script, contextTokens: 4096, template: template)
        if script.count == 1 { model.certainty = 0 }
        return try await ServedModel(model)
    }

    private static func request(_ tools: [ToolDefinition] = tools) -> ChatCompletionRequest {
        ServedModel.request(tools: tools, maxTokens: 200)
    }

    @Test("a call that is required is one of an offered tool, with arguments that keep to its schema")
    func required() async throws {
        let served = try await Self.served()
        let options: JSONObject = ["tool_choice": "required", "parallel_tool_calls": false]
        let paint = ToolCall(toolName: "paint", arguments: ["color": "blue", "twice": true])
        let answer = try await served.chat(Self.request([Self.tools[0]]), options: options)
        #expect(answer.toolCalls == [paint])
        #expect(answer.content == "")
        let chunks = try await served.chatChunks(Self.request([Self.tools[0]]), options: options)
        #expect(chunks.compactMap(\.toolCall) == answer.toolCalls)
        #expect(chunks.map(\.textDelta).joined().isEmpty)
    }

    @Test("a tool that is named is called once")
    func named() async throws {
        let served = try await Self.served()
        for (name, arguments) in [("halt", [:]), ("paint", ["color": "blue", "twice": true])] as [(String, JSONObject)]
        {
            let answer = try await served.chat(
                Self.request(), options: ["tool_choice": ["name": .string(name)]])
            #expect(
                answer
                    == ChatCompletionResponse(
                        content: "", toolCalls: [ToolCall(toolName: name, arguments: arguments)],
                        stopReason: .finishedOK))
        }
    }

    @Test("in auto an answer in words is free, and what begins as a call becomes one of an offered tool")
    func auto() async throws {
        let words = try await Self.served([.text("Hel"), .text("lo.")]).chat(Self.request())
        #expect(words == ChatCompletionResponse(content: "Hello.", stopReason: .finishedOK))
        let begun = try await Self.served(Self.widget, template: Self.toldOfTools).chat(Self.request())
        #expect(begun.toolCalls.first.map { ["paint", "halt"].contains($0.toolName) } == true)
        let free = try await Self.served(Self.widget).chat(Self.request(), options: ["tool_choice": "free"])
        #expect(free == ChatCompletionResponse(content: "{\"name\": \"Widget", stopReason: .finishedOK))
    }

    @Test("a model that is told of tools in our words calls where it means one of them, and none of another name")
    func meant() async throws {
        for name in ["halt", "paint"] {
            let served = try await Self.served([.text("{\"name\": \""), .text(name), .text("\", \"parameters\": ")])
            let answer = try await served.chat(Self.request())
            #expect(Set(answer.toolCalls.map(\.toolName)) == [name], "\(answer)")
        }
        let other = try await Self.served(Self.widget).chat(Self.request())
        let text = if case .text(let text) = other.content { text } else { "" }
        #expect(other.toolCalls.isEmpty && !text.isEmpty && !text.hasPrefix("{"), "\(other)")
        let json = try await Self.served([.text("{\""), .text("answer\": "), .text("42}")]).chat(Self.request())
        #expect(json == ChatCompletionResponse(content: "{\"answer\": 42}", stopReason: .finishedOK))
        // Behind a result what begins as a call is one, as with a model whose template tells of tools.
        var behindResult = Self.request()
        behindResult.dialog = Dialog(
            message: Message(
                role: .tool, content: "", toolResponses: [ToolResponse(toolName: "halt", content: "Done.")]),
            messageHistory: [
                Message(role: .user, content: "Halt!"),
                Message(role: .assistant, content: "", toolCalls: [ToolCall(toolName: "halt", arguments: [:])]),
            ])
        let again = try await Self.served(Self.widget).chat(behindResult)
        #expect(again.toolCalls.first.map { ["paint", "halt"].contains($0.toolName) } == true)
        let required = try await Self.served(Self.widget).chat(Self.request(), options: ["tool_choice": "required"])
        #expect(required.toolCalls.first.map { ["paint", "halt"].contains($0.toolName) } == true)
    }

    private static let widget: [ScriptedModel.Piece] = [.text("{\"name\": \""), .text("Widget")]

    /// A template that tells of tools, and has no mark before calls.
    private static let toldOfTools = """
        {% if tools %}<|im_start|>system
        {{ tools | tojson }}<|im_end|>
        {% endif %}{% for message in messages %}<|im_start|>{{ message.role }}
        {% if message.tool_calls %}{% set call = message.tool_calls[0].function %}{"name": "{{ call.name }}", \
        "parameters": {{ call.arguments | tojson }}}{% else %}{{ message.content }}{% endif %}<|im_end|>
        {% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
        {% endif %}
        """

    @Test("with none the model is not told of the tools, and nothing is a call")
    func none() async throws {
        let call = "{\"name\": \"halt\", \"parameters\": {}}"
        let served = try await Self.served([.text(call), .text(" ")])
        #expect(try await served.chat(Self.request()).toolCalls.count == 1)
        let answer = try await served.chat(Self.request(), options: ["tool_choice": "none"])
        #expect(answer == ChatCompletionResponse(content: .text(call + " "), stopReason: .finishedOK))
    }

    @Test("a call that the limit cuts is text")
    func cut() async throws {
        var request = Self.request([Self.tools[0]])
        request.maxTokens = 20
        let answer = try await Self.served().chat(request, options: ["tool_choice": "required"])
        #expect(answer.toolCalls.isEmpty && answer.stopReason == .maxTokens)
        #expect(answer.content == "{\"name\": \"paint\", \"p")
    }

    @Test("a choice that the tools do not allow is refused by its name")
    func refusedChoice() async throws {
        let served = try await Self.served()
        for (choice, tools, message) in [
            ("required", [], "needs tools"), (["name": "sing"], Self.tools, "'paint', 'halt'"),
            ("always", Self.tools, "must be auto, required, none"), (["tool": "paint"], Self.tools, "must be auto"),
        ] as [(JSON, [ToolDefinition], String)] {
            let error = await #expect(throws: (any Error).self) {
                try await served.chat(Self.request(tools), options: ["tool_choice": choice])
            }
            #expect("\(error.map { "\($0)" } ?? "")".contains(message), "\(choice)")
        }
    }

    private static let schema: JSON = [
        "type": "object", "properties": ["name": ["enum": ["Eve", "Bob"]], "adult": ["type": "boolean"]],
        "required": ["name", "adult"], "additionalProperties": false,
    ]

    @Test("a whole answer keeps to a schema: of a chat, a stream, a text and a batch")
    func wholeAnswer() async throws {
        let served = try await Self.served()
        let options: JSONObject = ["response_schema": Self.schema]
        let wanted = "{\"name\": \"Bob\", \"adult\": true}"
        let chat = try await served.chat(Self.request([]), options: options)
        #expect(chat == ChatCompletionResponse(content: .text(wanted), stopReason: .finishedOK))
        let chunks = try await served.chatChunks(Self.request([]), options: options)
        #expect(chunks.map(\.textDelta).joined() == wanted)
        let text = try await served.complete(ServedModel.request(completing: "hi", maxTokens: 200), options: options)
        #expect(text == CompletionResponse(content: .text(wanted), stopReason: .finishedOK))
        let batch = try await served.provider.batchCompletion(
            BatchCompletionRequest(model: "m", contentBatch: ["a", "b"], maxTokens: 200),
            ServedModel.call(options: options))
        #expect(batch.map(\.content) == [.text(wanted), .text(wanted)])
    }

    @Test("a schema that is none, or that nothing can be held to, is refused by keyword and place")
    func refusedSchema() async throws {
        let served = try await Self.served()
        for (schema, words) in [
            (["type": "text"], ["type"]), (["properties": ["a": ["minLength": "x"]]], ["/properties/a", "minLength"]),
            (["type": "string", "pattern": "(?=a)b"], ["pattern"]), (["not": [:]], []),
        ] as [(JSON, [String])] {
            let error = await #expect(throws: ProviderError.self) {
                try await served.chat(Self.request([]), options: ["response_schema": schema])
            }
            #expect(error?.code == .invalidSchema && error?.field == "response_schema", "\(schema.text)")
            for word in words { #expect(error?.message.contains(word) == true, "\(error?.message ?? "")") }
        }
    }

    @Test("a schema for the whole answer and tools to call exclude each other")
    func schemaBesideTools() async throws {
        let served = try await Self.served()
        let error = await #expect(throws: ProviderError.self) {
            try await served.chat(Self.request(), options: ["response_schema": Self.schema])
        }
        #expect(error?.field == "response_schema")
        let answer = try await served.chat(
            Self.request(), options: ["response_schema": Self.schema, "tool_choice": "none"])
        #expect(answer.content == "{\"name\": \"Bob\", \"adult\": true}")
    }

    @Test("a tool whose schema nothing can be held to is refused where a call is demanded, and free where it is not")
    func unheldTool() async throws {
        let odd = ToolDefinition(
            toolName: "odd",
            parameters: ["type": "object", "properties": ["a": ["type": "string", "pattern": "(?=a)b"]]])
        let served = try await Self.served([.text("Hel"), .text("lo.")])
        let error = await #expect(throws: ProviderError.self) {
            try await served.chat(Self.request([Self.tools[0], odd]), options: ["tool_choice": "required"])
        }
        #expect(error?.code == .invalidSchema && error?.field == "available_tools[1].parameters")
        for _ in 0..<2 {
            #expect(try await served.chat(Self.request([Self.tools[0], odd])).content == "Hello.")
        }
    }
}
