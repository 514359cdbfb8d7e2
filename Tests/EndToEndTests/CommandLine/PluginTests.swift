import Foundation
import LlamaStackAPI
import Testing

extension EndToEnd {
    /// `plugin inspect` and `plugin test`.
    @Suite struct PluginTests {
        @Test("an inspection shows what a library holds, and --json the same")
        func inspect() throws {
            let library = Setting.library("echo")
            let text = try Command.run(["plugin", "inspect", library], exits: 0).output
            for words in [
                "inference inline::echo 1.0.0", "chat_completion (streams)", "delay_milliseconds: integer, default 0",
            ] {
                #expect(text.contains(words), "\(text)")
            }
            let json = try JSON(parsing: try Command.run(["plugin", "inspect", library, "--json"], exits: 0).output)
            #expect(json["path"]?.stringValue == library)
            #expect(json["abi"]?.stringValue == "1.1")
            let provider = try #require(json["providers"]?.items.first)
            #expect(provider["type"]?.stringValue == "inline::echo")
            #expect(provider["config_schema"]?["properties"]?["prefix"]?["type"]?.stringValue == "string")
        }

        @Test("a library that is not there is 66")
        func missing() throws {
            for command in ["inspect", "test"] {
                let result = try Command.run(["plugin", command, "/nowhere/lib.so"], exits: 66)
                #expect(result.errors.contains("/nowhere/lib.so"))
            }
        }

        @Test("a file that is no library is 69 and said to be none", arguments: ["", "hello\n", "\u{7F}ELF"])
        func noLibrary(_ content: String) throws {
            let folder = try TemporaryFolder()
            let file = try folder.write(content, "libprovider-inference-bad.so")
            let result = try Command.run(["plugin", "inspect", file], exits: 69)
            #expect(result.errors.hasPrefix("error: \(file): "))
            #expect(result.output.isEmpty)
        }

        @Test("a library cut off every 4 KiB is refused by a message, never by a signal")
        func truncated() throws {
            let bytes = [UInt8](FileManager.default.contents(atPath: Setting.library("echo-c")) ?? Data())
            try #require(bytes.count > 8192)
            let folder = try TemporaryFolder()
            for size in stride(from: 4096, to: bytes.count, by: 4096) {
                let file = try folder.write(Array(bytes.prefix(size)), "cut-\(size).so")
                let result = try Command.run(["plugin", "inspect", file])
                #expect(result.end == .exit(69), "\(size) of \(bytes.count): \(result.end) \(result.errors)")
            }
        }

        @Test("a distribution with a library that is none is refused with its place, before anything listens")
        func refusedByRun() throws {
            let folder = try TemporaryFolder()
            let file = try folder.write("hello\n", "bad.so")
            var distribution = Distribution.echo()
            distribution.providers[0].more = "library: \(file)"
            let yaml = try distribution.file()
            let result = try Command.run(["run", yaml.path, "--port", "0"])
            #expect([.exit(69), .exit(78)].contains(result.end))
            #expect(result.errors.contains("\(yaml.path):9:16: error: "))
            #expect(result.errors.contains(file))
            #expect(result.output.isEmpty)
        }

        @Test("the providers in Swift and in C pass every check", arguments: ["echo", "echo-c"])
        func passes(_ name: String) throws {
            let result = try Command.run(["plugin", "test", Setting.library(name)], exits: 0, seconds: 120)
            let lines = result.output.split(separator: "\n")
            #expect(lines.count > 40)
            #expect(!result.output.contains("FAIL"), "\(result.output)")
            let last = String(lines.last ?? "")
            #expect(last.contains(" passed, ") && last.hasSuffix("1 skipped: nothing of its API is kept"), "\(last)")
        }

        @Test("the providers that run models pass every check with the real one", arguments: ["cpu", "blas"])
        func passesWithModel(_ name: String) throws {
            let resource: JSON = ["kind": "model", "id": "m", "path": .string(try Setting.requireModel())]
            let result = try Command.run(
                [
                    "plugin", "test", Setting.library(name), "--resource", resource.text, "--seconds", "60",
                    // Answers that are not cut short end early.
                    "--config", #"{"context_tokens_max":128}"#,
                ], exits: 0, seconds: 900)
            #expect(!result.output.contains("FAIL"))
        }

        @Test("a provider that crashes is reported with exit code 1, check by check and by the name of the signal")
        func crashes() throws {
            let folder = try TemporaryFolder()
            let library = try BrokenProvider.build("BREAK_CRASH", in: folder)
            let result = try Command.run(["plugin", "test", library], exits: 1, seconds: 120)
            #expect(
                result.output.contains(
                    "FAIL inference inline::probe: answers an unknown method with LSP_UNSUPPORTED\n"
                        + "       ended by SIGSEGV, in invoke"), "\(result.output)")
            #expect(result.output.contains("ok   inference inline::probe: becomes ready and stops"))
        }

        @Test("a provider that breaks a rule fails its check with exit code 1, and --json says which")
        func breaks() throws {
            let folder = try TemporaryFolder()
            let library = try BrokenProvider.build("BREAK_FINISH_TWICE", in: folder)
            let result = try Command.run(["plugin", "test", library, "--json"], exits: 1, seconds: 60)
            let failed = try JSON(parsing: result.output).items.filter { $0["outcome"]?.stringValue == "failed" }
            #expect(failed.contains { $0["check"] == "finishes each call once, and is silent after it" })
        }
    }
}
