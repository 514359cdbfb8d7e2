import Foundation
import ProviderKit
import Testing

@testable import InferenceCPU

@Suite(.timeLimit(.minutes(60))) struct RefusalTests {
    private let model = ScriptedModel.saying("a")
    private let image: ProviderKit.Attachment

    init() throws { image = .init(url: try WireURL("https://x.test/a.png"), mimeType: "image/png") }

    private func refusal(_ work: () async throws -> Void) async -> ProviderError? {
        do {
            try await work()
            return nil
        } catch {
            return error as? ProviderError
        }
    }

    @Test("what can't fit the context is refused with all counts, naming max_tokens")
    func maxTokensTooMany() async throws {
        let served = try await ServedModel(model)
        let error = await refusal {
            _ = try await served.complete(ServedModel.request(completing: "0123", maxTokens: 300))
        }
        #expect(error?.code == .contextLengthExceeded)
        #expect(error?.field == "max_tokens")
        #expect(error?.message.contains("4 tokens") == true)
        #expect(error?.message.contains("300") == true)
        #expect(error?.message.contains("256") == true)
    }

    @Test("a prompt that can't fit is refused, naming its field")
    func promptTooLong() async throws {
        let served = try await ServedModel(model)
        let text = Content.text(String(repeating: "x", count: 300))
        #expect(
            await refusal { _ = try await served.complete(ServedModel.request(completing: text)) }?.field == "content")
        let error = await refusal { _ = try await served.chat(ServedModel.request(text)) }
        #expect(error?.field == "dialog")
        #expect(error?.code == .contextLengthExceeded)
    }

    @Test("an empty text to continue is refused")
    func empty() async throws {
        let served = try await ServedModel(model)
        let error = await refusal { _ = try await served.complete(ServedModel.request(completing: "")) }
        #expect(error?.code == .invalidRequest)
        #expect(error?.field == "content")
    }

    @Test("an attachment is refused, naming its place")
    func attachments() async throws {
        let served = try await ServedModel(model)
        let whole = await refusal { _ = try await served.complete(ServedModel.request(completing: .attachment(image))) }
        #expect(whole?.code == .unsupportedContent)
        #expect(whole?.field == "content")
        let inList = await refusal {
            _ = try await served.chat(ServedModel.request(.items(["a", .attachment(image)])))
        }
        #expect(inList?.field == "dialog.message.content[1]")
        var request = ServedModel.request()
        request.dialog.messageHistory = [
            Message(role: .user, content: "a"),
            Message(
                role: .tool, content: "",
                toolResponses: [ToolResponse(toolName: "t", content: .items([.attachment(image)]))]),
        ]
        let inHistory = await refusal { _ = try await served.chat(request) }
        #expect(inHistory?.field == "dialog.message_history[1].tool_responses[0].content[0]")
    }

    @Test("calls and results in messages of the wrong role are refused")
    func wrongRoles() async throws {
        let served = try await ServedModel(model)
        var request = ServedModel.request()
        request.dialog.message.toolCalls = [ToolCall(toolName: "t", arguments: [:])]
        #expect(await refusal { _ = try await served.chat(request) }?.field == "dialog.message.tool_calls")
        request.dialog.message.toolCalls = []
        request.dialog.messageHistory = [
            Message(role: .assistant, content: "", toolResponses: [ToolResponse(toolName: "t", content: "")])
        ]
        #expect(
            await refusal { _ = try await served.chat(request) }?.field == "dialog.message_history[0].tool_responses")
    }

    @Test("two tools of one name are refused")
    func sameTools() async throws {
        let served = try await ServedModel(model)
        let tool = ToolDefinition(toolName: "t")
        let error = await refusal { _ = try await served.chat(ServedModel.request(tools: [tool, tool])) }
        #expect(error?.code == .invalidRequest)
        #expect(error?.field == "available_tools[1].tool_name")
    }

    @Test("a temperature out of range is refused by the field's path")
    func temperature() async throws {
        let served = try await ServedModel(model)
        let request = ServedModel.request(completing: "x", sampling: SamplingParams(temperature: 101, strategy: .topP))
        let error = await refusal { _ = try await served.complete(request) }
        #expect(error?.message == "sampling_params.temperature must be in [0, 100], got 101.0")
        #expect(error?.field == "sampling_params.temperature")
    }

    @Test(
        "a sampling value that would have no effect is refused by its name, with what to send",
        arguments: [
            (#"{"temperature": 1.0}"#, "temperature", "top_p or top_k"),
            (#"{"temperature": 0.01, "strategy": "greedy"}"#, "temperature", "top_p or top_k"),
            (#"{"top_p": 0.5}"#, "top_p", "the strategy top_p and a temperature above 0"),
            (#"{"top_p": 0.5, "strategy": "greedy"}"#, "top_p", "the strategy top_p and a temperature above 0"),
            (#"{"top_p": 0.5, "strategy": "top_k", "temperature": 1}"#, "top_p", "the strategy top_p"),
            (#"{"top_k": 40}"#, "top_k", "the strategy top_k and a temperature above 0"),
            (#"{"top_k": 40, "strategy": "top_k"}"#, "strategy", "a temperature above 0"),
            (#"{"top_p": 0.5, "strategy": "top_p", "temperature": 0}"#, "strategy", "a temperature above 0"),
        ])
    func withoutEffect(parameters: String, name: String, remedy: String) async throws {
        let served = try await ServedModel(model)
        let sampling = try SamplingParams(json: JSON(parsing: parameters), at: .root)
        let field = "sampling_params.\(name)"
        for error in [
            await refusal { _ = try await served.complete(ServedModel.request(completing: "x", sampling: sampling)) },
            await refusal { _ = try await served.chat(ServedModel.request(sampling: sampling)) },
        ] {
            #expect(error?.code == .invalidRequest)
            #expect(error?.field == field)
            #expect(error?.message.hasPrefix("\(field) ") == true, "\(error?.message ?? "none")")
            #expect(error?.message.contains("has no effect") == true)
            #expect(error?.message.contains(remedy) == true, "\(error?.message ?? "none")")
        }
    }

    @Test(
        "defaults and values that bound nothing may always be given",
        arguments: [
            #"{"temperature": 0.0, "strategy": "greedy", "top_p": 0.95, "top_k": 0}"#, #"{"top_p": 1.0}"#, "{}",
            #"{"strategy": "top_p", "temperature": 1, "top_p": 0.95, "top_k": 0}"#,
            #"{"strategy": "top_k", "temperature": 1, "top_p": 1, "top_k": 0}"#,
            #"{"strategy": "top_p", "temperature": 1, "top_k": 40}"#,
        ])
    func neutral(parameters: String) async throws {
        let served = try await ServedModel(model)
        let sampling = try SamplingParams(json: JSON(parsing: parameters), at: .root)
        _ = try await served.complete(ServedModel.request(completing: "x", sampling: sampling))
    }

    @Test("a template's refusal is the client's to read")
    func template() async throws {
        var model = model
        model.template = "{{ raise_exception('only users may speak') }}"
        let served = try await ServedModel(model)
        let error = await refusal { _ = try await served.chat() }
        #expect(error?.code == .templateError)
        #expect(error?.message.contains("only users may speak") == true)
    }

    @Test("one request more than running and waiting places is 429 with a time to come back")
    func queueFull() async throws {
        let served = try await ServedModel(
            .saying("a", end: .never, contextTokens: 1000), config: ["threads": 1, "running_max": 1, "waiting_max": 0])
        let (began, goOn) = (Door(), Door())
        async let first: Void = served.provider.completion(
            ServedModel.request(completing: "hi"), ServedModel.call(),
            streamingTo: EventStream { _ in
                began.open()
                await goOn.wait()
            })
        await began.wait()
        let error = await refusal { _ = try await served.complete() }
        goOn.open()
        try await first
        #expect(error?.code == .queueFull)
        #expect(error?.retryAfterSeconds == 1)
    }

    @Test("an unknown model is 404")
    func unknownModel() async throws {
        let served = try await ServedModel(model)
        #expect(await refusal { _ = try await served.chat(model: "other") }?.code == .modelNotFound)
    }
}
