import ArgumentParser
import CommandSupport
import Foundation
import Host
import LlamaStackAPI
import Synchronization

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
        let isTerminal = isatty(STDIN_FILENO) == 1
        if isTerminal { Output.line("\(model): /new starts over, /quit leaves, ^C stops an answer") }
        let failure = await talk(connection, model, isTerminal: isTerminal)
        await connection.close()
        if let failure { throw failure }
    }

    /// Line by line to the end of input. Where nobody is there to try again, the first failure ends it.
    private func talk(_ connection: any StackConnection, _ model: String, isTerminal: Bool) async -> ExitCode? {
        let interrupts = isTerminal ? Interrupts() : nil
        var conversation = Conversation(system: system)
        while let line = prompt(isTerminal) {
            let text = line.trimmingCharacters(in: .whitespaces)
            switch text {
            case "": continue
            case "/quit", "/exit": return nil
            case "/new": conversation = Conversation(system: system)
            default:
                let answer = ChatAnswer(connection: connection, request: request(text, conversation, model))
                do {
                    if let interrupts {
                        try await interrupts.cancellable { try await answer.print() }
                    } else {
                        try await answer.print()
                    }
                } catch is CancellationError {
                    Output.line(" [stopped]")
                } catch {
                    let code = (error as? CallError).map(Fail.with) ?? Fail.with("error: \(error)", exitCode: 70)
                    if !isTerminal { return code }
                    continue
                }
                conversation.add(question: text, reply: answer.text)
            }
        }
        return nil
    }

    private func prompt(_ isTerminal: Bool) -> String? {
        if isTerminal { Output.write("\n> ") }
        return readLine()
    }

    private func request(_ text: String, _ conversation: Conversation, _ model: String) -> ChatCompletionRequest {
        ChatCompletionRequest(
            model: InstructModel(rawValue: model), dialog: conversation.dialog(asking: text),
            samplingParams: options.samplingParams, maxTokens: options.maxTokens, stream: true)
    }
}

/// One answer: shown as it comes, and kept for the conversation.
private final class ChatAnswer: Sendable {
    private let connection: any StackConnection
    private let request: ChatCompletionRequest
    private let reply = Mutex("")

    init(connection: any StackConnection, request: ChatCompletionRequest) {
        (self.connection, self.request) = (connection, request)
    }

    var text: String { reply.withLock { $0 } }

    func print() async throws {
        var isWhole = false
        for try await event in connection.events(Inference.chatCompletion.description, body: request.json) {
            let chunk = try ChatCompletionResponseStreamChunk(json: event, at: .root)
            Output.write(chunk.textDelta)
            reply.withLock { $0 += chunk.textDelta }
            if let call = chunk.toolCall {
                Output.write("[calls \(call.toolName) \(JSON.object(call.arguments).text)]")
            }
            if chunk.stopReason != nil { isWhole = true }
        }
        try Task.checkCancellation()
        Output.write("\n")
        guard isWhole else { throw CallError(.internal, "the answer broke off") }
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
