import Foundation
import LlamaStackAPI
import Testing

extension EndToEnd {
    /// What a script sees of a command that fails.
    @Suite struct ExitCodeTests {
        /// Command lines that are none.
        static let misused = [
            ["fly"], ["run"], ["run", "a.yaml", "--bogus"], ["run", "a.yaml", "--port", "65536"],
            ["run", "a.yaml", "--port", "many"], ["run", "a.yaml", "--log-level", "loud"], ["validate"],
            ["list", "cats"],
            ["spec", "--format", "pdf"], ["plugin", "test", "a.so", "--config", "{"], ["complete"],
            ["plugin", "test", "a.so", "--only", "nothing"],
        ]

        @Test("a command line that is none is 64, and nothing is done", arguments: misused)
        func usage(_ arguments: [String]) throws {
            try Self.expectUsageError(Command.run(arguments, exits: 64))
        }

        @Test("so it is for the measurements")
        func benchUsage() throws {
            try Self.expectUsageError(
                Command.run(["speed", "m.gguf", "--rounds", "1"], of: Setting.bench, exits: 64))
        }

        private static func expectUsageError(_ command: Command) throws {
            #expect(command.output.isEmpty)
            #expect(command.errors.hasPrefix("Error: "))
        }

        @Test("an instruction set that LLAMA_STACK_ISA makes up is 78 at the provider's place, and stops a measurement")
        func instructionSet() throws {
            let file = try Distribution.cpu().file()
            let environment = ["LLAMA_STACK_ISA": "avx1024"]
            let said = "LLAMA_STACK_ISA: unknown instruction set 'avx1024'; this machine has plain"
            for command in ["run", "validate"] {
                let result = try Command.run([command, file.path], exits: 78, environment: environment)
                let line = result.errors.split(separator: "\n").first { $0.hasPrefix("\(file.path):") }
                #expect(line?.contains(said) == true, "\(command): \(result.errors)")
            }
            for words in [["speed", Setting.modelFile], ["embeddings", Setting.embeddingModel]] {
                let result = try Command.run(words, of: Setting.bench, exits: 78, environment: environment)
                #expect(result.errors.hasPrefix("error: " + said) && result.output.isEmpty, "\(result.errors)")
            }
        }

        @Test("a file that is not there is 66 and named")
        func missing() throws {
            for arguments in [
                ["run", "/nowhere/a.yaml"], ["validate", "/nowhere/a.yaml"], ["chat", "/nowhere/a.yaml"],
                ["complete", "/nowhere/a.yaml", "--prompt", "x"],
            ] {
                let command = try Command.run(arguments, exits: 66)
                #expect(command.errors.contains("/nowhere/a."), "\(arguments)")
            }
            for arguments in [["calls", "/nowhere/a.yaml"], ["speed", "/nowhere/a.gguf"]] {
                let command = try Command.run(arguments, of: Setting.bench, exits: 66)
                #expect(command.errors.contains("/nowhere/a."), "\(arguments)")
            }
        }

        @Test("a distribution with mistakes is 78, with every mistake at its place")
        func mistakes() throws {
            let folder = try TemporaryFolder()
            let file = try folder.write("version: 1\nprovders: {}\nserver: {port: 99999}\n", "bad.yaml")
            for command in ["run", "validate", "chat"] {
                let result = try Command.run([command, file], exits: 78)
                #expect(
                    result.errors.contains("\(file):2:1: error: unknown key 'provders' (did you mean 'providers'?)"))
                #expect(result.errors.contains("\(file):3:16: error: "))
                #expect(result.output.isEmpty)
            }
        }

        @Test("`validate --json` gives the same mistakes as data")
        func validateJSON() throws {
            let folder = try TemporaryFolder()
            let file = try folder.write("version: 1\nprovders: {}\n", "bad.yaml")
            let result = try Command.run(["validate", file, "--json"], exits: 78)
            let expected: JSON = [
                "valid": false,
                "diagnostics": [
                    [
                        "file": .string(file), "code": "unknown_key",
                        "message": "unknown key 'provders' (did you mean 'providers'?)", "line": 2, "column": 1,
                    ]
                ],
            ]
            #expect(try JSON(parsing: result.output) == expected)
        }

        @Test("a distribution without mistakes is 0, and nothing is left running or listening")
        func valid() throws {
            let file = try Distribution.cpu().file()
            let text = try Command.run(["validate", file.path], exits: 0)
            #expect(text.output == "\(file.path): valid: 1 providers, 1 models\n")
            let json = try Command.run(["validate", file.path, "--json"], exits: 0)
            #expect(try JSON(parsing: json.output) == ["valid": true, "diagnostics": []])
        }

        @Test("a distribution from standard input is read, and a warning about it is printed and ends nothing")
        func standardInput() throws {
            let yaml = "version: 1\nname: $HOME\n"
            let text = try Command.run(["validate", "-"], exits: 0, input: yaml)
            #expect(text.output == "-: valid: 0 providers, 0 models\n")
            #expect(text.errors.contains("<stdin>:2:7: warning: '$HOME' is taken as text"))
            let json = try JSON(parsing: try Command.run(["validate", "-", "--json"], exits: 0, input: yaml).output)
            #expect(json["valid"] == true)
            guard case .array(let diagnostics)? = json["diagnostics"] else {
                throw Missing("no diagnostics: \(json.text)")
            }
            #expect(diagnostics.map { $0["severity"] } == ["warning"])
        }

        @Test("every distribution of the repository is valid", arguments: ["adapters", "cpu", "echo", "starter"])
        func shipped(_ name: String) throws {
            let folder = try TemporaryFolder()
            let result = try Command.run(
                ["validate", "\(Setting.root)/Distributions/\(name).yaml"],
                environment: ["LLAMA_STACK_STATE": folder.path + "/state"])
            // They name the model by its place in the repository; LLAMA_STACK_MODELS may have it elsewhere.
            let isThere = FileManager.default.fileExists(atPath: Setting.root + "/models") || name == "echo"
            #expect(result.end == .exit(isThere ? 0 : 78), "\(result.errors)")
        }

        @Test("a chat or a completion without a server is 69, names the address and says what to do")
        func noServer() throws {
            let url = "http://127.0.0.1:1"
            for arguments in [["chat", "--url", url], ["complete", "--url", url, "--prompt", "x"]] {
                let result = try Command.run(arguments, exits: 69, input: "hello\n")
                #expect(
                    result.errors
                        == "error: can't reach \(url): Connection refused; is `llama-stack run` running there?\n")
            }
        }
    }
}
