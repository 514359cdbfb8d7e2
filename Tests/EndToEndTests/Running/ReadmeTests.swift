import Foundation
import LlamaStackAPI
import Testing

extension EndToEnd {
    /// The walk of the README, as a reader pastes it.
    @Suite struct ReadmeTests {
        /// The commands of the console blocks below a heading: lines that begin with `$ `, and those that go on below.
        private func commands(below heading: String) throws -> String {
            let readme = try String(contentsOfFile: Setting.root + "/README.md", encoding: .utf8)
            guard let start = readme.range(of: "\n\(heading)\n") else { throw Missing("no '\(heading)' in README.md") }
            let section = readme[start.upperBound...].components(separatedBy: "\n## ")[0]
            var lines: [String] = []
            var (isInside, isCommand) = (false, false)
            for line in section.components(separatedBy: "\n") {
                if line.hasPrefix("```") {
                    (isInside, isCommand) = (line == "```console", false)
                } else if isInside, line.hasPrefix("$ ") {
                    lines.append(String(line.dropFirst(2)))
                    isCommand = true
                } else if isInside, isCommand, line.hasPrefix("    ") {
                    lines.append(line)
                } else {
                    isCommand = false
                }
            }
            return lines.joined(separator: "\n")
        }

        @Test("a file of dialogs becomes an adapter that answers: the fine-tuning walk, of eight steps")
        func finetuning() throws {
            let folder = try TemporaryFolder()
            let file = Setting.root + "/Distributions/train.yaml"
            let environment = ["LLAMA_STACK_STATE": folder.path + "/state", "LLAMA_STACK_DATA": folder.path + "/data"]
            try Server.run(file: file, environment: environment) { server in
                // The reader's own command, at this server; a whole run takes minutes, and `chat` wants a question.
                let beginning = """
                    llama-stack() {
                        local more=()
                        if [ "$1" = finetune ]; then more=(--steps 8); fi
                        '\(Setting.binary)' "$@" --url http://127.0.0.1:\(server.port) "${more[@]}"
                    }
                    cd '\(Setting.root)'

                    """
                let script = try commands(below: "## Fine-tuning").split(separator: "\n").map { command in
                    command.contains(" chat ") ? "\(command) <<< 'Where is my parcel?'" : String(command)
                }.joined(separator: "\n")
                let shell = try ChildProcess("/bin/bash", ["-e", "-u", "-c", beginning + script])
                defer { shell.end() }
                #expect(shell.wait(seconds: 240) == .exit(0), "\(shell.errors)")
                let output = shell.output
                #expect(output.contains("checkpoint 8 is served as smollm2-135m-instruct@routing"), "\(output)")
                #expect(output.contains("routing is completed, with 1 checkpoint"), "\(output)")
                #expect(output.contains("parameters trained"), "\(output)")
                #expect(output.split(separator: "\n").last?.isEmpty == false)
            }
        }

        @Test("two notes, an agent that answers from them, one that calculates, code that runs, a plot, and a tool of MCP")
        func agents() throws {
            let folder = try TemporaryFolder()
            let file = Setting.root + "/Distributions/agent.yaml"
            try Server.run(file: file, environment: ["LLAMA_STACK_STATE": folder.path]) { server in
                let script = try commands(below: "## Agents")
                    .replacing("http://127.0.0.1:8321", with: "http://127.0.0.1:\(server.port)")
                    // A reader is slower than the indexing of two notes.
                    .replacing("\ncurl", with: "\necho; sleep 1; curl -f")
                let shell = try ChildProcess("/bin/bash", ["-e", "-u", "-c", "cd '\(folder.path)'\n\(script)"])
                defer { shell.end() }
                #expect(shell.wait(seconds: 60) == .exit(0), "\(shell.errors)")
                let output = shell.output
                #expect(output.contains(#"{"agent_uuid":"clerk"}"#) && output.contains(#"{"agent_uuid":"sums"}"#))
                let turn = output.split(separator: "\n").first { $0.contains(#"{"turn":"#) }
                guard let turn, let start = turn.range(of: #"{"turn":"#) else {
                    throw Missing("no turn in \(output)")
                }
                let json = try JSON(parsing: Array(turn[start.lowerBound...].prefix { $0 != "\n" }.utf8))["turn"]
                #expect(
                    json?["steps"]?.items.compactMap { $0["step_type"]?.stringValue } == [
                        "memory_retrieval", "model_inference", "safety_filtering",
                    ])
                #expect(json?["response_message"]?["content"]?.stringValue?.contains("4711") == true)
                #expect(output.contains(#"{"content":"completed\n[stdout]\n5050\n[/stdout]","is_error":false,"#))
                #expect(output.contains("Kept: 1 in all."))
                let plot = try Data(contentsOf: URL(fileURLWithPath: folder.path + "/plot.png"))
                #expect(plot.starts(with: [0x89, 0x50, 0x4E, 0x47]) && plot.count > 5_000)
                let events = output.split(separator: "\n").filter { $0.contains("data: ") }
                #expect(events.last?.contains(#""stop_reason":"finished_ok""#) == true, "\(output)")
            }
        }
    }
}
