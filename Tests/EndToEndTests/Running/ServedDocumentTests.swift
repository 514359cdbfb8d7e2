import Foundation
import LlamaStackAPI
import RawHTTP
import Testing

extension EndToEnd {
    /// The served document against the server, by schemathesis, which others wrote: Scripts/check-openapi.py.
    @Suite struct ServedDocumentTests {
        private static let script = Setting.root + "/Scripts/check-openapi.py"

        private func check(_ arguments: [String], seconds: Double = 600) throws -> (
            end: ChildProcess.End?, output: String
        ) {
            let release = Setting.root + "/.build/schemathesis/bin/schemathesis"
            guard FileManager.default.isExecutableFile(atPath: release) else {
                throw Missing("there is no \(release); run `make client`")
            }
            let script = try ChildProcess(
                "/usr/bin/env",
                ["LLAMA_STACK_BIN=\(Setting.binary)", "python3", "-B", Self.script] + arguments)
            defer { script.end() }
            let end = script.wait(seconds: seconds)
            return (end, script.output + script.errors.suffix(2000))
        }

        @Test("every route of every table does what the document says, whatever is asked of it")
        func holds() throws {
            let (end, output) = try check(["--seconds", "60", "--examples", "4"])
            #expect(end == .exit(0), "\(output.suffix(6000))")
            print(output.split(separator: "\n").suffix(12).joined(separator: "\n"))
        }

        private struct Lie {
            var what: String
            var path: [String]
            /// nil: the member is taken out.
            var value: JSON?
            var asked: String
            /// What the check calls it.
            var found: String
        }

        private static let completions = ["components", "schemas", "OpenAICompletionRequest-request", "properties"]
        private static let lies = [
            Lie(
                what: "a status that is answered is not named",
                path: ["paths", "/v1/completions", "post", "responses", "400"], asked: "/v1/completions",
                found: "Undocumented status code"),
            Lie(
                what: "an answer's field has another type",
                path: ["components", "schemas", "OpenAIModel", "properties", "created"], value: ["type": "string"],
                asked: "/v1/models", found: "Response violates schema"),
            Lie(
                what: "more is allowed than is taken", path: completions + ["top_p"],
                value: ["type": "number", "minimum": 2, "maximum": 3], asked: "/v1/completions",
                found: "Schema-valid request rejected"),
            Lie(
                what: "less is allowed than is taken", path: completions + ["max_tokens"],
                value: ["type": "integer", "minimum": 1, "maximum": 10], asked: "/v1/completions",
                found: "Schema-violating request accepted"),
        ]

        @Test("a document that lies is found out")
        func lies() throws {
            // As the check's own server has it: a real model, so that what is allowed is answered.
            let tiny = Distribution.Model(
                id: "tiny", provider: "cpu", path: Setting.fixtures + "/training/chat.gguf", aliases: "[scripted]")
            let distribution = Distribution(
                providers: [.init(id: "cpu", type: "inline::cpu", config: "{threads: 1, context_tokens_max: 512}")],
                models: [tiny])
            try Server.run(distribution) { server in
                let document = try server.client.get("/openapi.json").json
                let folder = try TemporaryFolder()
                // It ends with the first finding: how many requests a machine makes of it until then is its own affair.
                for lie in Self.lies {
                    let file = try folder.write(document.setting(lie.path[...], lie.value).text, "openapi.json")
                    let (end, output) = try check([
                        "http://127.0.0.1:\(server.port)", "--document", file, "--only", lie.asked, "--seconds", "300",
                        "--failures", "1",
                    ])
                    #expect(end == .exit(1), "\(lie.what): \(output.suffix(3000))")
                    #expect(output.contains(lie.found), "\(lie.what): \(output.suffix(3000))")
                }
            }
        }
    }
}

extension JSON {
    /// With this value at a path of members, each of which is there.
    fileprivate func setting(_ path: ArraySlice<String>, _ value: JSON?) -> JSON {
        guard let key = path.first else { return value ?? .null }
        var object = objectValue ?? JSONObject()
        if path.count == 1, value == nil {
            object[key] = nil
        } else {
            object[key] = (object[key] ?? .null).setting(path.dropFirst(), value)
        }
        return .object(object)
    }
}
