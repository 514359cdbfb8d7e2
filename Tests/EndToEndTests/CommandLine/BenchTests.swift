import Foundation
import LlamaStackAPI
import Testing

extension EndToEnd {
    /// `llama-stack-bench`, on a model so small that it takes no time.
    @Suite struct BenchTests {
        private let model = Setting.fixtures + "/models/llama.gguf"

        @Test(
            "without a subcommand, `--json` says machine, load, every speed that fits the context, and memory, a line each"
        )
        func jsonLines() throws {
            let command = try Command.run(
                [
                    model, "--json", "--runs", "3", "--prefill", "32,512", "--depth", "0,64", "--generate", "16",
                    "--batch", "1,5", "--batch-depth", "8", "--batch-generate", "4",
                ], of: Setting.bench, exits: 0)
            let lines = try command.output.split(separator: "\n").map { try JSON(parsing: Array($0.utf8)) }
            let names = lines.map { $0["test"]?.stringValue ?? "" }
            #expect(
                names == ["machine", "load", "prefill", "prefill", "decode", "decode", "batch", "batch", "memory"])
            #expect(lines.allSatisfy { $0["load_average"]?.double != nil }, "\(command.output)")
            for line in lines.dropFirst().dropLast() where line["note"] == nil {
                let samples = (line["samples"]?.items ?? []).compactMap { $0.double }
                #expect(samples.count == 3 && samples.allSatisfy { $0 > 0 })
                #expect(line["median"]?.double == samples.sorted()[1])
                #expect(line["min"]?.double == samples.min() && line["max"]?.double == samples.max())
            }
            #expect(lines[3]["note"] == "beyond the model's context of 256 tokens")
            #expect(lines[3]["median"] == nil)
            #expect(lines[5]["depth"] == 64)
            #expect(lines[7]["sequences"] == 5)
            let memory = ["loaded", "end", "peak"].map { lines[8][$0]?.int ?? 0 }
            #expect(memory.allSatisfy { $0 > 1 << 20 } && memory[2] >= memory[0])
        }

        @Test("without a subcommand there is a table of medians with the load of the machine; `none` leaves rows out")
        func table() throws {
            let command = try Command.run(
                [model, "--runs", "1", "--prefill", "16", "--depth", "none", "--batch", "2"], of: Setting.bench,
                exits: 0)
            #expect(command.output.contains(#/load average [0-9.]+ at the start/#))
            #expect(command.output.contains(#/median +slowest +fastest/#))
            for row in ["load ", "prefill 16 ", "batch of 2 ", "resident memory: loaded "] {
                #expect(command.output.contains("\n" + row))
            }
            #expect(!command.output.contains("decode"))
            #expect(command.errors.isEmpty, "no progress without a terminal")
        }

        @Test("`front` tells for each row both things, the figure of both and what it is to reach")
        func front() throws {
            let command = try Command.run(
                [
                    "front", "--json", "--rounds", "1", "--model", try Setting.requireModel(), "--rows", "front",
                    "live", "chat",
                ],
                of: Setting.bench, exits: 0)
            let json = try JSON(parsing: Array(command.output.utf8))
            let rows = json["rows"]?.items ?? []
            #expect(rows.compactMap { $0["row"]?.stringValue } == ["front_start", "front_memory", "live", "chat"])
            for row in rows {
                #expect((row["value"]?["median"]?.double ?? 0) > 0, "\(row.text)")
                let figure = row["figure"]?["median"]?.double ?? 0
                let must = row["must"]?.double ?? 0
                let isRatio = row["unit"] == "1/s"
                #expect(row["reached"] == .bool(isRatio ? figure >= must : figure <= must), "\(row.text)")
            }
            #expect(json["load"]?.double != nil && json["isa"]?.stringValue != nil)
        }

        @Test("`--products openblas` measures speeds, and finds the probabilities of the engine's own f32 kernels")
        func openBLAS() throws {
            let options = ["--products", "openblas"]
            let speed = try Command.run(
                [model, "--runs", "1", "--prefill", "16", "--depth", "0", "--generate", "2", "--batch", "2"]
                    + options, of: Setting.bench, exits: 0)
            #expect(speed.output.contains("\nprefill 16 "))
            let folder = try TemporaryFolder()
            let text = try folder.write(String(repeating: "To be or not to be. ", count: 20), "text")
            let command = try Command.run(
                [
                    "divergence", try Setting.requireModel(), "--text", text, "--window", "64", "--windows", "1",
                    "--json",
                ] + options, of: Setting.bench, exits: 0)
            let divergence = try JSON(parsing: Array(command.output.utf8))
            // Sums in f32 differ in their last bits; int8 activations make it a hundred times as much.
            let largest = try #require(divergence["max"]?.double)
            #expect(largest < 1e-4, "\(command.output)")
        }

        @Test("a figure that takes too long gets one run")
        func seconds() throws {
            let command = try Command.run(
                [model, "--json", "--seconds", "0", "--prefill", "8", "--depth", "none", "--batch", "none"],
                of: Setting.bench, exits: 0)
            let line = try #require(command.output.split(separator: "\n").first { $0.contains("prefill") })
            let samples = try JSON(parsing: Array(line.utf8))["samples"]?.items
            #expect(samples?.count == 1)
        }

        @Test(
            "`calls` times the call in the process, and two requests over HTTP; both runtimes with `--isolation both`")
        func calls() throws {
            let file = Setting.root + "/Distributions/echo.yaml"
            func keys(_ options: [String]) throws -> [String] {
                let words = ["calls", file, "--count", "10", "--json"] + options
                let command = try Command.run(words, of: Setting.bench, exits: 0)
                guard case .object(let result) = try JSON(parsing: Array(command.output.utf8)) else { return [] }
                for member in result.members where member.key != "added_us" {
                    let figure = member.value["median"]?.double ?? member.value.double
                    #expect((figure ?? 0) > 0, "\(member.key): \(command.output)")
                }
                return result.members.map(\.key)
            }
            #expect(try keys([]) == ["in_process_us", "health_us", "completion_us", "added_us"])
            #expect(
                try keys(["--isolation", "both"]) == [
                    "concurrency", "inline_us", "process_us", "inline_start_ms", "process_start_ms", "added_us",
                ])
        }

        @Test("`tools` judges each request of a file, with a call demanded, left to the model, and free")
        func tools() throws {
            let folder = try TemporaryFolder()
            let requests = try folder.write(
                """
                {"tools": [{"name": "set_light", "description": "Switches the light.", \
                "parameters": {"type": "object", "properties": {"on": {"type": "boolean"}}, "required": ["on"], "additionalProperties": false}}]}
                {"id": "on", "question": "Switch the light on.", "call": {"set_light": {"on": [true, false]}}}
                {"id": "hello", "question": "Hello!", "call": null}
                """, "requests.jsonl")
            let file = try Distribution.cpu().file()
            for (options, choice) in [
                ([], "auto"), (["--tool-choice", "required"], "required"), (["--free"], "free"),
            ] as [([String], String)] {
                let command = try Command.run(
                    ["tools", requests, "--distribution", file.path, "--json"] + options, of: Setting.bench,
                    exits: 0)
                let lines = try command.output.split(separator: "\n").map { try JSON(parsing: String($0)) }
                #expect(lines.count == 3)
                let counts = try #require(lines.last)
                #expect(counts["tool_choice"]?.stringValue == choice)
                #expect(counts["needed"] == 1 && counts["unneeded"] == 1)
                if choice == "required" {
                    #expect(counts["called"] == 1 && counts["called_in_vain"] == 1)
                }
            }
            let table = try Command.run(
                ["tools", requests, "--distribution", file.path, "--count", "1"], of: Setting.bench, exits: 0)
            #expect(table.output.contains(#/requests that need a call +1 +100\.0 %/#))
        }

        @Test("providers that keep state are measured over an empty folder, beside the server that holds theirs")
        func state() throws {
            let folder = try TemporaryFolder()
            let requests = try folder.write(
                #"{"id": "hello", "question": "Hello!", "tools": [{"name": "stop", "parameters": {}}], "call": null}"#,
                "requests.jsonl")
            var distribution = try Distribution.cpu()
            distribution.more = "state: ./state"
            distribution.moreProviders = "  datasets:\n    - {provider_id: files, provider_type: inline::file}"
            let file = try distribution.file()
            try Server.run(file: file.path) { _ in
                let options = ["--count", "1", "--max-tokens", "4", "--distribution", file.path]
                _ = try Command.run(["tools", requests] + options, of: Setting.bench, exits: 0)
                for isolation in [[], ["--isolation", "both"]] {
                    _ = try Command.run(["calls", file.path, "--count", "10"] + isolation, of: Setting.bench, exits: 0)
                }
            }
        }

        @Test("`plot` draws each engine's speed by depth and by batch")
        func plot() throws {
            let folder = try TemporaryFolder()
            let files = ["ours", "peer"].map { Setting.fixtures + "/bench/\($0).jsonl" }
            let command = try Command.run(["plot"] + files + ["--output", folder.path], of: Setting.bench, exits: 0)
            #expect(command.output == "\(folder.path)/speed-by-depth.svg\n\(folder.path)/speed-by-batch.svg\n")
            for name in ["speed-by-depth", "speed-by-batch"] {
                let svg = try String(contentsOfFile: "\(folder.path)/\(name).svg", encoding: .utf8)
                try Fixture.expectGolden(svg, "bench/\(name).svg")
            }
        }

        @Test("`plot` of a file that holds no measurements says so and draws nothing")
        func plotNothing() throws {
            let folder = try TemporaryFolder()
            _ = try Command.run(["plot", model, "--output", folder.path], of: Setting.bench, exits: 65)
            _ = try Command.run(["plot", "absent.jsonl", "--output", folder.path], of: Setting.bench, exits: 66)
            let written = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            #expect(written.isEmpty)
        }
    }
}
