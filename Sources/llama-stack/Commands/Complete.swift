import ArgumentParser
import CommandSupport
import Host
import LlamaStackAPI

struct Complete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Let a model continue a text.",
        discussion: """
              llama-stack complete dist.yaml --prompt "Once upon a time" --max-tokens 8
              llama-stack complete --prompt - < prompt.txt
              llama-stack complete dist.yaml --prompt "As JSON: " --schema person.json
            """)

    @OptionGroup var options: ModelOptions
    @Option(help: "The text to continue; - reads standard input.") var prompt: String
    @Flag(help: "Print a JSON object with the text and why it ended.") var json = false

    func run() async throws {
        let endpoint = Inference.completion.description
        let text =
            if prompt == "-" {
                try await OwnThread.run { try StandardInput(bytesMax: endpoint.bodyBytesMax).text() }
            } else {
                prompt
            }
        let callOptions = try options.callOptions()
        let quiet = LogOutput(format: .text, level: .warning)
        let (connection, model) = try await options.connect(quiet, defaultModel: "llama3_8b")
        let request = CompletionRequest(
            content: .text(text), model: PretrainedModel(rawValue: model), samplingParams: options.samplingParams,
            maxTokens: options.maxTokens, stream: true)
        var completion = ""
        var reason: StopReason?
        var output = PieceOutput()
        do {
            for try await event in connection.events(endpoint, body: request.json, options: callOptions) {
                let chunk = try CompletionResponseStreamChunk(json: event, at: .root)
                completion += chunk.textDelta
                reason = chunk.stopReason ?? reason
                if !json { output.write(chunk.textDelta) }
            }
        } catch let error as CallError {
            await connection.close()
            throw Fail.with(error)
        }
        await connection.close()
        if json {
            Output.json(["text": .string(completion), "stop_reason": .string(reason?.rawValue ?? "")])
        } else {
            output.write("\n")
        }
        if reason == nil { throw Fail.with("error: the answer broke off", exitCode: 70) }
    }
}
