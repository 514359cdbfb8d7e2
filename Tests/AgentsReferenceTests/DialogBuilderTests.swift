import ProviderKit
import Testing

@testable import AgentsReference

struct DialogBuilderTests {
    private func user(_ text: String) -> Message { Message(role: .user, content: .text(text)) }
    private func assistant(_ text: String, _ calls: [ToolCall] = []) -> Message {
        Message(role: .assistant, content: .text(text), toolCalls: calls)
    }
    private func call(_ name: String) -> ToolCall { ToolCall(toolName: name, arguments: [:]) }

    private func dialog(_ turns: [AgenticSystemTurn], _ messages: [Message]) throws -> [Message] {
        var builder = DialogBuilder()
        for turn in turns { try builder.add(turn, at: "turn_history[0]") }
        try builder.add(messages, at: "messages")
        return builder.finish()
    }

    @Test func `a turn is replayed as the user's message, each round of tools and the reply`() throws {
        let result = ToolResponse(toolName: "a", content: "one")
        let turn = AgenticSystemTurn(
            userMessages: [user("hello")],
            steps: [
                .safetyFiltering(SafetyFilteringStep(uuid: "1")),
                .modelInference(ModelInferenceStep(uuid: "2", text: "wait")),
                .toolExecution(ToolExecutionStep(uuid: "3", toolCalls: [call("a")], toolResponses: [result])),
                .modelInference(ModelInferenceStep(uuid: "4", text: "done")),
            ],
            responseMessage: assistant("done"))
        #expect(
            try dialog([turn], [user("more")]) == [
                user("hello"), assistant("wait", [call("a")]), .results([result]), assistant("done"), user("more"),
            ])
    }

    @Test func `what was retrieved stands behind the user's message again, as it did then`() throws {
        let document = MemoryBankDocument(
            uuid: "d", content: Base64Data(Array("the text".utf8)), metadata: [:], mimeType: "text/plain")
        let turn = AgenticSystemTurn(
            userMessages: [user("hello")],
            steps: [.memoryRetrieval(MemoryRetrievalStep(uuid: "1", documents: [document], scores: [1]))],
            responseMessage: assistant("hi"))
        let replayed = try dialog([turn], [user("more")])
        #expect(replayed[0].content == .text("hello" + RetrievedText.behindMessage([document])))
        #expect(RetrievedText.behindMessage([document]).contains("[document: d]\nthe text\n"))
    }

    @Test func `system messages of the caller never reach the model`() throws {
        let system = Message(role: .system, content: "obey me")
        let turn = AgenticSystemTurn(userMessages: [system, user("a")], steps: [], responseMessage: assistant("b"))
        #expect(try dialog([turn], [system, user("c")]) == [user("a"), assistant("b"), user("c")])
    }

    @Test func `results are matched to calls by place, then by name, and a call without one is answered so`() throws {
        let turn = AgenticSystemTurn(
            userMessages: [user("q")], steps: [], responseMessage: assistant("", [call("a"), call("b"), call("a")]))
        let swapped = Message(
            role: .tool, content: "",
            toolResponses: [
                ToolResponse(toolName: "b", content: "of b"), ToolResponse(toolName: "a", content: "of a"),
            ])
        #expect(
            try dialog([turn], [swapped]).last
                == .results([
                    ToolResponse(toolName: "a", content: "of a"), ToolResponse(toolName: "b", content: "of b"),
                    ToolResponse(toolName: "a", content: .text(DialogBuilder.noResult)),
                ]))
        let texts = ["first", "second"].map { Message(role: .tool, content: .text($0)) }
        #expect(
            try dialog([turn], texts + [user("and?")]) == [
                user("q"), turn.responseMessage,
                .results([
                    ToolResponse(toolName: "a", content: "first"), ToolResponse(toolName: "b", content: "second"),
                    ToolResponse(toolName: "a", content: .text(DialogBuilder.noResult)),
                ]), user("and?"),
            ])
    }

    @Test func `a result without a call is refused by its place`() throws {
        let error = #expect(throws: ProviderError.self) {
            try dialog([], [user("a"), Message(role: .tool, content: "b")])
        }
        #expect(error?.field == "messages[1]")
        #expect(error?.code == .invalidRequest)
    }

    @Test func `a round that the caller shared is replayed as two messages of the assistant`() throws {
        let own = ToolExecutionStep(
            uuid: "2", toolCalls: [call("own")], toolResponses: [ToolResponse(toolName: "own", content: "1")])
        let turn = AgenticSystemTurn(
            userMessages: [user("q")],
            steps: [.modelInference(ModelInferenceStep(uuid: "1", text: "")), .toolExecution(own)],
            responseMessage: assistant("", [call("theirs")]))
        let result = Message(role: .tool, content: "2")
        #expect(
            try dialog([turn], [result]).map(\.role) == [.user, .assistant, .tool, .assistant, .tool])
    }

    @Test func `an attachment is a line with its URL, and a data URL its type alone`() throws {
        let link = Attachment(url: try WireURL("https://example.com/a.png"), mimeType: "image/png")
        let data = Attachment(url: try WireURL("data:image/png;base64,AAAA"), mimeType: "image/png")
        let message = Message(role: .user, content: .items([.text("see"), .attachment(link), .attachment(data)]))
        #expect(
            try dialog([], [message]).first?.content
                == "see\n[attachment: https://example.com/a.png (image/png)]\n[attachment: image/png]")
    }

    @Test func `whatever steps a caller invents, every call has its result and no result is without its call`() throws {
        var random = Seeded(seed: 13)
        for _ in 0..<500 {
            let calls = (0..<Int.random(in: 0...3, using: &random)).map { call("t\($0 % 2)") }
            let results = (0..<Int.random(in: 0...4, using: &random)).map {
                ToolResponse(toolName: "t\($0 % 3)", content: .text("\($0)"))
            }
            let turn = AgenticSystemTurn(
                userMessages: [user("q")],
                steps: [
                    .toolExecution(ToolExecutionStep(uuid: "1", toolCalls: calls, toolResponses: results)),
                    .modelInference(ModelInferenceStep(uuid: "2", text: "x")),
                    .toolExecution(ToolExecutionStep(uuid: "3", toolCalls: calls, toolResponses: [])),
                ],
                responseMessage: Message(role: .user, content: "r", toolCalls: calls, toolResponses: results))
            let messages = try dialog([turn, turn], [user("end")])
            for (index, message) in messages.enumerated() {
                let before = index > 0 ? messages[index - 1] : nil
                #expect((message.role == .tool) == (before?.toolCalls.isEmpty == false))
                if message.role == .tool { #expect(message.toolResponses.count == before?.toolCalls.count) }
            }
        }
    }
}

/// SplitMix64, for cases that are the same in every run.
struct Seeded: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}
