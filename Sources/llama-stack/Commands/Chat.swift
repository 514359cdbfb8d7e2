import ArgumentParser
import Foundation
import Host
import LlamaStackAPI

struct Chat: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Talk with a model.",
        discussion: """
            Starts the distribution that is named, or talks to the server at --url. Each line you type is a message; \
            the answer streams as it is made. /new forgets the conversation, /quit or end of input leaves, and ^C \
            stops an answer.

              llama-stack chat Distributions/starter.yaml
              echo "Name three colours." | llama-stack chat --url http://127.0.0.1:8321
            """)

    @OptionGroup var options: ModelOptions
    @Option(help: "A system message to begin with.") var system: String?

    func run() async throws {
        let quiet = LogOutput(format: .text, level: .warning)
        let (connection, model) = try await options.connect(quiet, defaultModel: "llama3_8b_chat")
        var conversation = Conversation(system: system)
        let isTerminal = isatty(STDIN_FILENO) == 1
        if isTerminal { Output.line("\(model): /new starts over, /quit leaves") }
        var failure: ExitCode?
        while let line = prompt(isTerminal) {
            switch line.trimmingCharacters(in: .whitespaces) {
            case "": continue
            case "/quit", "/exit":
                await connection.close()
                return
            case "/new": conversation = Conversation(system: system)
            case let text:
                do {
                    try await answer(text, in: &conversation, connection, model)
                } catch let error as StackError {
                    failure = Fail.with(error)
                    if !isTerminal { break }
                }
            }
        }
        await connection.close()
        if let failure, !isTerminal { throw failure }
    }

    private func prompt(_ isTerminal: Bool) -> String? {
        if isTerminal { Output.write("\n> ") }
        return readLine()
    }

    private func answer(
        _ text: String, in conversation: inout Conversation, _ connection: any StackConnection, _ model: String
    ) async throws {
        let request = ChatCompletionRequest(
            model: InstructModel(rawValue: model), dialog: conversation.dialog(asking: text),
            samplingParams: options.samplingParams,
            maxTokens: options.maxTokens, stream: true)
        var reply = ""
        var ended = false
        for try await event in connection.events(Inference.chatCompletion.description, body: request.json) {
            let chunk = try ChatCompletionResponseStreamChunk(json: event, at: .root)
            Output.write(chunk.textDelta)
            reply += chunk.textDelta
            if let call = chunk.toolCall {
                Output.write(
                    "[calls \(call.toolName) \(String(decoding: JSON.object(call.arguments).bytes, as: UTF8.self))]")
            }
            if chunk.stopReason != nil { ended = true }
        }
        Output.write("\n")
        guard ended else { throw StackError(.internal, "the answer broke off") }
        conversation.add(question: text, reply: reply)
    }
}

/// The messages so far.
struct Conversation {
    private var messages: [Message]

    init(system: String?) {
        messages = system.map { [Message(role: .system, content: .text($0))] } ?? []
    }

    func dialog(asking text: String) -> Dialog {
        Dialog(message: Message(role: .user, content: .text(text)), messageHistory: messages)
    }

    mutating func add(question: String, reply: String) {
        messages.append(Message(role: .user, content: .text(question)))
        messages.append(Message(role: .assistant, content: .text(reply)))
    }
}
