import LlamaStackAPI
import Testing

extension EndToEnd {
    /// `chat` and `complete`, through pipes, straight from a distribution and against a server.
    @Suite struct TalkTests {
        private static let model = ["--max-tokens", "64"]

        @Test("`chat` answers each line with the model's own words, from a distribution or from a server alike")
        func chat() throws {
            let answer = try ReferenceAnswers().row("colors").text + "\n"
            let file = try Distribution.cpu(config: "{precision: exact}").file()
            let question = "Name the three primary colors.\n"
            let local = try Command.run(["chat", file.path] + Self.model, exits: 0, input: question)
            #expect(local.output == answer)
            try Server.run(.cpu(config: "{precision: exact}")) { server in
                let remote = try Command.run(
                    ["chat", "--url", "http://127.0.0.1:\(server.port)"] + Self.model, exits: 0, input: question)
                #expect(remote.output == answer)
            }
        }

        @Test("`chat` remembers what was said, and forgets it after /new")
        func remembers() throws {
            try Server.run(.cpu(config: "{precision: exact}")) { server in
                let input = "What is 2 + 2?\nName a color.\n/new\nWhat is 2 + 2?\n/quit\nnever asked\n"
                let result = try Command.run(
                    ["chat", "--url", "http://127.0.0.1:\(server.port)", "--max-tokens", "12"], exits: 0, input: input)
                let first = try ReferenceAnswers().row("arithmetic").text
                let lines = result.output.split(separator: "\n")
                #expect(lines.first == first[...] && lines.last == first[...])
                let prompts = server.log("prompt_tokens=").compactMap { line in
                    line.firstMatch(of: #/prompt_tokens=([0-9]+)/#).flatMap { Int($0.1) }
                }
                try #require(prompts.count == 3)
                #expect(prompts[1] > prompts[0], "the second question has the first one before it")
                #expect(prompts[2] == prompts[0], "the third has nothing")
            }
        }

        @Test("`complete` continues a text, from an argument or from standard input, as text or as JSON")
        func complete() throws {
            let text = try ReferenceAnswers().row("french").tokens.prefix(16).joined()
            let prompt = "La Révolution française a commencé en"
            let file = try Distribution.cpu(config: "{precision: exact}").file()
            let arguments = ["complete", file.path, "--max-tokens", "16", "--prompt"]
            #expect(try Command.run(arguments + [prompt], exits: 0).output == text + "\n")
            #expect(try Command.run(arguments + ["-"], exits: 0, input: prompt).output == text + "\n")
            let json = try Command.run(arguments + [prompt, "--json"], exits: 0)
            #expect(try JSON(parsing: json.output) == ["text": .string(text), "stop_reason": "max_tokens"])
        }

        @Test("`--schema` holds each answer to a schema, and needs a distribution")
        func schema() throws {
            let folder = try TemporaryFolder()
            let schema = try folder.write(
                """
                {"type": "object", "properties": {"color": {"enum": ["red", "blue"]}, "dark": {"type": "boolean"}}, \
                "required": ["color", "dark"], "additionalProperties": false}
                """, "schema.json")
            let file = try Distribution.cpu().file()
            let options = ["--schema", schema] + Self.model
            let completed = try Command.run(
                ["complete", file.path, "--prompt", "A color as JSON:"] + options, exits: 0)
            let said = try Command.run(["chat", file.path] + options, exits: 0, input: "Name a color.\nAnother?\n")
            let lines = (completed.output + said.output).split(separator: "\n")
            #expect(lines.count == 3)
            for line in lines {
                let answer = try JSON(parsing: String(line))
                #expect(["red", "blue"].contains(answer["color"]?.stringValue ?? ""), "\(line)")
                #expect([JSON.bool(true), .bool(false)].contains(answer["dark"] ?? .null), "\(line)")
            }
            let remote = try Command.run(["complete", "--prompt", "x"] + options, exits: 64)
            #expect(remote.errors.contains("--schema needs a distribution"))
            let none = try folder.write("{\"type\": \"color\"}", "none.json")
            let refused = try Command.run(
                ["complete", file.path, "--prompt", "x", "--schema", none], exits: 65)
            #expect(refused.errors.contains("response_schema") && refused.errors.contains("type"))
        }

        @Test("`--seed` draws the same answer again, and needs a distribution and a temperature")
        func seed() throws {
            let file = try Distribution.cpu().file()
            let drawn = ["complete", file.path, "--prompt", "Once", "--max-tokens", "8"] + Self.model
            func text(_ seed: String) throws -> String {
                try Command.run(drawn + ["--temperature", "1.5", "--seed", seed], exits: 0).output
            }
            #expect(try text("9") == text("9"))
            #expect(try text("9") != text("10"))
            let remote = try Command.run(["chat", "--temperature", "1", "--seed", "9"], exits: 64, input: "x\n")
            #expect(remote.errors.contains("--seed needs a distribution"))
            let greedy = try Command.run(drawn + ["--seed", "9"], exits: 64)
            #expect(greedy.errors.contains("--seed 9 has no effect at the temperature 0"))
        }

        @Test("a model that the server does not have fails with its message and the code of its kind")
        func unknownModel() throws {
            try Server.run(.echo()) { server in
                let result = try Command.run(
                    ["complete", "--url", "http://127.0.0.1:\(server.port)", "--model", "ecko", "--prompt", "x"],
                    exits: 66)
                #expect(result.errors.contains("ecko") && result.errors.contains("echo"))
            }
        }

        @Test("a URL that is none is refused as such")
        func badURL() throws {
            let result = try Command.run(["complete", "--url", "nonsense", "--prompt", "x"], exits: 69)
            #expect(result.errors.contains("nonsense"))
            #expect(result.errors.contains("no URL"))
        }
    }
}
