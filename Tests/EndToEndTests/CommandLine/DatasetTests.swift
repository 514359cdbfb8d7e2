import FakeOrigin
import Foundation
import LlamaStackAPI
import Testing

extension EndToEnd {
    /// `dataset`: files, URLs, and what a server has.
    @Suite struct DatasetTests {
        private static let rows = """
            {"id": 1, "dialog": [{"role": "user", "content": "What is 2 + 2?"}, {"role": "assistant", "content": "4"}], "source": "a"}
            {"id": 2.5, "dialog": {"message": {"role": "user", "content": "Hi"}}, "source": "https://x.test/b.png"}
            {"id": -3, "dialog": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi"}], "source": null}

            """

        private func file(_ folder: TemporaryFolder) throws -> String { try folder.write(Self.rows, "a.jsonl") }

        @Test("`head` prints rows for people, a line for each value, and whole ones as JSON")
        func head() throws {
            let folder = try TemporaryFolder()
            let path = try file(folder)
            let text = try Command.run(["dataset", "head", path, "--rows", "2"], exits: 0).output
            #expect(
                text == """
                    row 1
                      id      1
                      dialog  user: What is 2 + 2? | assistant: 4
                      source  a
                    row 2
                      id      2.5
                      dialog  user: Hi
                      source  https://x.test/b.png

                    """)
            let json = try Command.run(["dataset", "head", "file://" + path, "--json"], exits: 0).output
            let wanted = try Self.rows.split(separator: "\n").map { try JSON(parsing: String($0)) }
            #expect(try json.split(separator: "\n").map { try JSON(parsing: String($0)) } == wanted)
        }

        @Test("`head` cuts a long value, and says of CSV what it says of JSON")
        func cut() throws {
            let folder = try TemporaryFolder()
            let path = try folder.write("a,b\n\"x\ny\",\(String(repeating: "z", count: 500))\n", "a.csv")
            let text = try Command.run(["dataset", "head", path], exits: 0).output
            #expect(text == "row 1\n  a  x y\n  b  \(String(repeating: "z", count: 100))…\n")
        }

        @Test("`stats` says what each column holds, as a table and as JSON")
        func stats() throws {
            let folder = try TemporaryFolder()
            let path = try file(folder)
            let text = try Command.run(["dataset", "stats", path], exits: 0).output
            #expect(
                text == """
                    3 rows, JSON Lines

                    COLUMN  KIND    MISSING  DISTINCT  VALUES
                    id      number  0        3         -3 / 0.166667 / 2.5 (mean)
                    dialog  dialog  0        3         1 / 2 / 2 turns; system 1, user 3, assistant 1
                    source  text    1        2         1 / 1 / 20 characters; 1 media, 1 text

                    columns: {"id":"number","dialog":"dialog","source":{"type":"text","nullable":true}}

                    """)
            let json = try JSON(parsing: try Command.run(["dataset", "stats", path, "--json"], exits: 0).output)
            #expect(json["rows"] == 3)
            let dialog = json["columns"]?.items[1]
            #expect(dialog?["lengths"] == ["min": 1, "median": 2, "max": 2, "sum": 5])
            #expect(dialog?["roles"] == ["system": 1, "user": 3, "assistant": 1])
        }

        @Test("`stats --model` counts tokens as the model's tokenizer does")
        func tokens() throws {
            let folder = try TemporaryFolder()
            let path = try folder.write("text\nLa Révolution française a commencé en\n\n", "a.csv")
            let model = try Setting.requireModel()
            let json = try JSON(
                parsing: try Command.run(["dataset", "stats", path, "--model", model, "--json"], exits: 0).output)
            // As many as the reference of the answer tests has for this prompt: fidelity/greedy.json.
            #expect(json["columns"]?.items[0]["tokens"] == ["min": 13, "median": 13, "max": 13, "sum": 13])
            let table = try Command.run(["dataset", "stats", path, "--model", model], exits: 0).output
            #expect(table.contains("TOKENS") && table.contains("13 / 13 / 13"))
        }

        @Test("`stats` of CSV tells numbers from text, and an empty field is missing")
        func csv() throws {
            let folder = try TemporaryFolder()
            let path = try folder.write("n,t\n1,a\n,b\n1e3,\n", "a.csv")
            let json = try JSON(parsing: try Command.run(["dataset", "stats", path, "--json"], exits: 0).output)
            let columns = json["columns"]?.items ?? []
            #expect(columns.map { $0["kind"] } == ["number", "text"])
            #expect(columns.map { $0["missing"] } == [1, 1])
            #expect(columns[0]["numbers"] == ["min": 1.0, "mean": 500.5, "max": 1000.0])
        }

        /// Tests/Fixtures/datasets (Scripts/reference/make_datasets.py).
        @Test("`create` takes the columns that `stats` recommends, of every fixture")
        func recommended() throws {
            let fixtures = Setting.fixtures + "/datasets"
            let names = try FileManager.default.contentsOfDirectory(atPath: fixtures).sorted()
            #expect(names.count > 15)
            let folder = try TemporaryFolder()
            let yaml = """
                version: 1
                name: test
                state: \(folder.path)/state
                providers:
                  datasets:
                    - {provider_id: files, provider_type: inline::file, config: {file_roots: [\(fixtures)]}}
                """
            let distribution = try DistributionFile(yaml)
            try Server.run(file: distribution.path) { server in
                for name in names {
                    let path = "\(fixtures)/\(name)"
                    let text = try Command.run(["dataset", "stats", path], exits: 0).output
                    let last = try #require(text.split(separator: "\n").last { $0.hasPrefix("columns: ") })
                    let columns = try JSON(parsing: String(last.dropFirst("columns: ".count)))
                    let answer = try server.post(
                        "/datasets/create",
                        [
                            "uuid": .string(name),
                            "dataset": ["columns": columns, "content_url": .string("file://\(path)")],
                        ])
                    #expect(answer.status == 200, "\(name): \(columns.text): \(answer.errorMessage)")
                }
            }
        }

        @Test("`show`, `head` and `stats` find a dataset that a server has")
        func server() throws {
            let folder = try TemporaryFolder()
            let path = try file(folder)
            let yaml = """
                version: 1
                name: test
                state: \(folder.path)/state
                providers:
                  datasets:
                    - {provider_id: files, provider_type: inline::file, config: {file_roots: [\(folder.path)]}}
                """
            let distribution = try DistributionFile(yaml)
            try Server.run(file: distribution.path) { server in
                let url = "http://127.0.0.1:\(server.port)"
                let created = try server.post(
                    "/datasets/create",
                    [
                        "uuid": "a b+c/ü",
                        "dataset": [
                            "columns": ["id": "number", "dialog": "dialog", "source": "text"],
                            "content_url": .string("file://" + path), "metadata": ["made": "by hand"],
                        ],
                    ])
                // The third row has no source.
                #expect(
                    created.status == 422 && created.errorMessage.contains("row 3, line 3: column 'source' is missing"))
                let two = Self.rows.split(separator: "\n").prefix(2).joined(separator: "\n")
                let short = try folder.write(two, "b.jsonl")
                let dataset: JSON = [
                    "columns": ["id": "number", "dialog": "dialog", "source": "text"],
                    "content_url": .string("file://" + short), "metadata": ["made": "by hand"],
                ]
                #expect(try server.post("/datasets/create", ["uuid": "a b+c/ü", "dataset": dataset]).status == 200)
                let show = try Command.run(["dataset", "show", "a b+c/ü", "--url", url], exits: 0).output
                #expect(
                    show == """
                        dataset   a b+c/ü
                        content   file://\(short)
                        column    dialog  dialog
                        column    id  number
                        column    source  text
                        metadata  made  "by hand"

                        """)
                let json = try Command.run(["dataset", "show", "a b+c/ü", "--url", url, "--json"], exits: 0).output
                #expect(try JSON(parsing: json)["metadata"] == ["made": "by hand"])
                let head = try Command.run(["dataset", "head", "a b+c/ü", "--url", url, "--rows", "1"], exits: 0)
                #expect(head.output.contains("assistant: 4"))
                let stats = try Command.run(["dataset", "stats", "a b+c/ü", "--url", url, "--json"], exits: 0)
                #expect(try JSON(parsing: stats.output)["rows"] == 2)
                let unknown = try Command.run(["dataset", "show", "other", "--url", url], exits: 66)
                #expect(unknown.errors.contains("no dataset 'other'"))
            }
            let gone = try Command.run(["dataset", "show", "x", "--url", "http://127.0.0.1:9"], exits: 69)
            #expect(gone.errors.contains("can't reach http://127.0.0.1:9"))
        }

        @Test("`head` of a URL fetches it, from wherever this machine may")
        func fetched() async throws {
            try await Origin.run(Origin.answering(Origin.ok("a,b\n1,2\n", type: "text/csv"))) { origin in
                let url = "http://127.0.0.1:\(origin.port)/x"
                let head = try Command.run(["dataset", "head", url, "--json"], exits: 0)
                #expect(head.output == "{\"a\":\"1\",\"b\":\"2\"}\n")
            }
            let bad = try Command.run(["dataset", "head", "http://a.test/#x"], exits: 77)
            #expect(bad.errors.contains("must be a URL of plain ASCII"))
        }

        @Test("a file that is not there, one with a mistake and one in Parquet end with their reason")
        func mistakes() throws {
            let folder = try TemporaryFolder()
            let missing = try Command.run(["dataset", "head", folder.path + "/none.jsonl"], exits: 66)
            #expect(missing.errors.contains("No such file") && missing.errors.contains("--url"))
            let path = try folder.write("{\"a\": 1}\n{\"a\":\n", "bad.jsonl")
            let bad = try Command.run(["dataset", "stats", path], exits: 65)
            #expect(bad.errors.hasPrefix("error: \(path) has a mistake in row 2, line 2: "))
            let parquet = try Command.run(["dataset", "head", try folder.write("PAR1", "a.parquet")], exits: 65)
            #expect(parquet.errors.contains("duckdb"))
            #expect(try Command.run(["dataset", "head", path, "--rows", "0"], exits: 64).errors.contains("at least 1"))
        }

        /// LLAMA_STACK_DATASET_MB makes it more than CI has time for.
        @Test("64 MB of rows need no 64 MB: within 48 MB a server registers them, and `stats` counts them")
        func memory() throws {
            let megabytes = ProcessInfo.processInfo.environment["LLAMA_STACK_DATASET_MB"].flatMap { Int($0) } ?? 64
            guard let group = MemoryGroup(bytesMax: 48 << 20) else {
                try Test.cancel("limits on memory take root, and a hierarchy that is writable")
            }
            let folder = try TemporaryFolder()
            let row = Array("{\"text\": \"\(String(repeating: "x", count: 1000))\", \"n\": 1}\n".utf8)
            let piece = Array(repeatElement(row, count: 1024).joined())
            let path = try folder.write([], "big.jsonl")
            let handle = try #require(FileHandle(forWritingAtPath: path))
            for _ in 0..<megabytes { try handle.write(contentsOf: piece) }
            try handle.close()
            let child = try ChildProcess(
                "/bin/sh",
                ["-c", "\(group.entry) && exec \"$@\"", "sh", Setting.binary, "dataset", "stats", path, "--json"])
            defer { child.end() }
            #expect(child.wait(seconds: 60 + Double(megabytes) / 4) == .exit(0), "\(child.errors)")
            #expect(try JSON(parsing: child.output)["rows"] == .integer(Int64(1024 * megabytes)))
            let yaml = """
                version: 1
                name: test
                state: \(folder.path)/state
                providers:
                  datasets:
                    - {provider_id: files, provider_type: inline::file, config: {file_roots: [\(folder.path)]}}
                """
            try Server.run(file: try folder.write(yaml, "dist.yaml"), before: group.entry) { server in
                let dataset: JSON = [
                    "columns": ["text": "text", "n": "number"], "content_url": .string("file://" + path),
                ]
                let created = try server.post("/datasets/create", ["uuid": "big", "dataset": dataset], seconds: 500)
                #expect(created.status == 200, "\(created.errorMessage)")
            }
        }
    }
}
