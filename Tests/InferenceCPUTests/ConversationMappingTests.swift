import ChatTemplates
import ProviderKit
import Testing

@testable import InferenceCPU

@Suite struct ConversationMappingTests {
    @Test("every role, call and result keeps its place, and JSON its order")
    func dialog() throws {
        let arguments: JSONObject = ["z": 1, "a": [true, .null, 2.5], "m": ["k": "v"]]
        let dialog = Dialog(
            message: Message(
                role: .tool, content: "unused",
                toolResponses: [ToolResponse(toolName: "f", content: .items(["a", "b"]))]),
            messageHistory: [
                Message(role: .system, content: "Be brief."),
                Message(role: .user, content: "Go."),
                Message(role: .assistant, content: "", toolCalls: [ToolCall(toolName: "f", arguments: arguments)]),
            ])
        let conversation = try ChatConversation(
            dialog, at: "dialog", tools: [ToolDefinition(toolName: "f", parameters: ["x": ["param_type": "string"]])])
        #expect(
            conversation.messages == [
                ChatMessage(role: .system, content: "Be brief."),
                ChatMessage(role: .user, content: "Go."),
                ChatMessage(
                    role: .assistant, content: "",
                    toolCalls: [
                        ChatToolCall(
                            name: "f",
                            arguments: ["z": 1, "a": .list([true, .null, .double(2.5)]), "m": ["k": "v"]])
                    ]),
                ChatMessage(
                    role: .tool, content: "unused", toolResponses: [ChatToolResponse(toolName: "f", content: "a b")]),
            ])
        #expect(conversation.tools == [ChatTool(name: "f", parameters: ["x": ["param_type": "string"]])])
        #expect(conversation.addsGenerationPrompt)
    }

    @Test(
        "the thought of an assistant's message is told apart from its text",
        arguments: [
            ("<think>\nHm.\n</think>\n\nHello.", "Hello.", "Hm."), ("[THINK]a[/THINK]b", "b", "a"),
            ("<think></think>Hello.", "Hello.", ""), ("<think>Hello.", "<think>Hello.", nil),
            ("Hello. <think>a</think>", "Hello. <think>a</think>", nil),
        ])
    func thoughts(content: String, text: String, reasoning: String?) throws {
        let dialog = Dialog(
            message: Message(role: .user, content: .text(content)),
            messageHistory: [Message(role: .assistant, content: .text(content))])
        #expect(
            try ChatConversation(dialog, at: "dialog", tools: []).messages == [
                ChatMessage(role: .assistant, content: text, reasoning: reasoning),
                ChatMessage(role: .user, content: content),
            ])
    }

    @Test("a call's arguments come back as the JSON that they were")
    func arguments() {
        let arguments: JSONObject = ["z": 1, "a": [true, .null, 2.5, "s"], "m": ["k": [:]]]
        #expect(ToolCall(ChatToolCall(name: "f", arguments: TemplateMap(arguments))).arguments == arguments)
    }
}
