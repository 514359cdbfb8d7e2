import ArgumentParser
import CommandSupport
import Foundation
import Host
import LlamaStackAPI

struct Chat: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Talk with a model.",
        discussion: """
            Starts the distribution that is named, or talks to the server at --url. Each line is a message, and so is a \
            paste of several lines; the answer streams as it is made. /help lists the commands. At a terminal lines \
            can be edited and brought back with the arrow keys, ^C stops an answer, and ^D leaves.

              llama-stack chat Distributions/starter.yaml
              echo "Name three colours." | llama-stack chat --url http://127.0.0.1:8321
            """)

    @OptionGroup var options: ModelOptions
    @Option(help: "A system message to begin with.") var system: String?

    func run() async throws {
        let callOptions = try options.callOptions()
        let quiet = LogOutput(format: .text, level: .warning)
        let (connection, model) = try await options.connect(quiet, defaultModel: "llama3_8b_chat")
        let input = ChatTerminal.open()
        var session = ChatSession(
            connection: connection, options: options, callOptions: callOptions, system: system, model: model,
            terminal: input)
        let failure = await session.talk()
        await connection.close()
        if let failure { throw failure }
    }
}

/// The talk: what is typed is a message to the model or a command.
private struct ChatSession {
    let connection: any StackConnection
    let options: ModelOptions
    let callOptions: JSONObject
    let system: String?
    var model: String
    /// nil where standard input is none.
    let terminal: ChatTerminal?
    private let lines = StandardInput(bytesMax: Inference.chatCompletion.description.bodyBytesMax)
    private var conversation: Conversation

    init(
        connection: any StackConnection, options: ModelOptions, callOptions: JSONObject, system: String?,
        model: String, terminal: ChatTerminal?
    ) {
        (self.connection, self.options, self.callOptions, self.system) = (connection, options, callOptions, system)
        (self.model, self.terminal) = (model, terminal)
        conversation = Conversation(system: system)
    }

    /// To the end of input. Where no person can try again, the first failure ends it.
    mutating func talk() async -> ExitCode? {
        let interrupts = terminal.map { _ in Interrupts() }
        defer { interrupts?.stop() }
        terminal?.show("\(model): /help lists the commands, ^C stops an answer, ^D leaves\n")
        while true {
            let entry: String
            do {
                guard let next = try await read() else { return nil }
                entry = next
            } catch {
                return error as? ExitCode ?? Fail.with("error: \(error)", exitCode: 70)
            }
            var failure: ExitCode?
            switch ChatCommand(entry) {
            case .quit?: return nil
            case let command?: failure = run(command)
            case nil:
                let text = entry.trimmingCharacters(in: .whitespacesAndNewlines)
                if !text.isEmpty { failure = await ask(text, interrupts) }
            }
            if terminal == nil, let failure { return failure }
        }
    }

    private func read() async throws -> String? {
        guard let terminal else { return try await OwnThread.run { [lines] in try lines.line() } }
        while true {
            switch await terminal.read() {
            case .text(let text): return text
            case .interrupted: continue
            case .end: return nil
            }
        }
    }

    private mutating func run(_ command: ChatCommand) -> ExitCode? {
        switch command {
        case .quit: break
        case .new: conversation = Conversation(system: system)
        case .help: say(ChatCommand.list)
        case .model(nil):
            let all = connection.models ?? [model]
            say(all.map { ($0 == model ? "* " : "  ") + $0 }.joined(separator: "\n"))
        case .model(let name?):
            if let models = connection.models, !models.contains(name) {
                let close = Spelling.closest(to: name, in: models).map { " (did you mean '\($0)'?)" } ?? ""
                return Fail.with(
                    "error: there is no model '\(name)'\(close); there are \(models.joined(separator: ", "))",
                    exitCode: ErrorCode.modelNotFound.exitCode)
            }
            model = name
        case .tooLong(let word):
            let taken = word == "/model" ? "one word" : "nothing"
            return Fail.with("error: \(word) takes \(taken) behind it\n\(ChatCommand.list)", exitCode: 64)
        case .unknown(let word):
            let close = Spelling.closest(to: word, in: ChatCommand.words).map { " (did you mean \($0)?)" } ?? ""
            return Fail.with("error: there is no command \(word)\(close)\n\(ChatCommand.list)", exitCode: 64)
        }
        return nil
    }

    private func say(_ text: String) {
        if let terminal { terminal.show(text + "\n") } else { Output.error(text) }
    }

    private mutating func ask(_ text: String, _ interrupts: Interrupts?) async -> ExitCode? {
        let request = ChatCompletionRequest(
            model: InstructModel(rawValue: model), dialog: conversation.dialog(asking: text),
            samplingParams: options.samplingParams, maxTokens: options.maxTokens, stream: true)
        let answer = ChatAnswer(connection: connection, request: request, options: callOptions)
        do {
            if let interrupts {
                try await interrupts.cancellable { try await answer.print() }
            } else {
                try await answer.print()
            }
        } catch is CancellationError {
            terminal?.show(" [stopped]\n")
            // Half an answer is part of the talk, none is not.
            guard !answer.text.isEmpty else { return nil }
        } catch {
            if terminal != nil, !answer.text.isEmpty { Output.write("\n") }
            return (error as? CallError).map(Fail.with) ?? Fail.with("error: \(error)", exitCode: 70)
        }
        conversation.add(question: text, reply: answer.text)
        return nil
    }
}
