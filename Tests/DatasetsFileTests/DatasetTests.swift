import Foundation
import Host
import ProviderKit
import Testing

@Suite(.timeLimit(.minutes(10)))
struct DatasetTests {
    private static let rows = #"{"text": "a", "n": 1}"# + "\n" + #"{"text": "b", "n": 2.5}"# + "\n"

    @Test("a dataset is what was registered, also after a restart, until it is deleted")
    func lifecycle() async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/datasets-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let first = try await DatasetServer(state: folder, config: "{}")
        let url = "data:application/jsonl;base64," + Data(Self.rows.utf8).base64EncodedString()
        try await first.create("../d", url, ["text": .text, "n": .number])
        await first.stack.shutdown(withinSeconds: 10)
        let second = try await DatasetServer(state: folder, config: "{}")
        let dataset = try await second.get("../d")
        #expect(dataset == Dataset(columns: ["text": .text, "n": .number], contentURL: try WireURL(url)))
        try await second.delete("../d")
        let error = await refusal { _ = try await second.get("../d") }
        #expect(error?.code == .notFound)
        #expect(error?.field == "dataset_id")
        await second.stack.shutdown(withinSeconds: 10)
    }

    @Test("creating one that is there is 409, deleting one that is not there is 404")
    func conflicts() async throws {
        try await withDatasets { server, _ in
            try await server.create("d", "data:,%7B%22text%22:1%7D", ["text": .json])
            let twice = await refusal { try await server.create("d", "data:,{\"text\":2}", ["text": .json]) }
            #expect(twice?.code == .alreadyExists)
            #expect(twice?.field == "uuid")
            let missing = await refusal { try await server.delete("no") }
            #expect(missing?.code == .notFound)
        }
    }

    @Test(
        "rows are read in every format",
        arguments: [
            ("a.jsonl", #"{"text": "a", "n": 1}"# + "\r\n\n" + #"{"text": "b", "n": 2}"#),
            ("a.json", #" [ {"text": "a,]}\"", "n": 1} , {"text": "[", "n": 2} ] "#),
            ("a.json", #"{"text": "a", "n": 1}"# + "\n"), ("a.csv", "n,text\r\n1,\"a \"\"b\"\", c\nd\"\n2,\n"),
            ("unnamed", "\u{FEFF}text,n\na,1"), ("unnamed2", #"[{"text": "a", "n": -1e3}]"#),
        ])
    func formats(_ name: String, _ content: String) async throws {
        try await withDatasets { server, data in
            try write(content, data + "/" + name)
            try await server.create("d", "file://\(data)/\(name)", ["text": .text, "n": .number])
            #expect(try await server.get("d").columns.count == 2)
        }
    }

    @Test(
        "a row that is not what the columns say is 422 with its number and line, and nothing is registered",
        arguments: [
            (
                #"{"text": "a", "n": 1}"# + "\n\n" + #"{"text": 2, "n": 1}"#,
                "row 2, line 3: column 'text' must be a string, got a number"
            ),
            (#"{"text": "a", "n": "1"}"#, "row 1, line 1: column 'n' must be a number, got a string"),
            (#"{"text": "a"}"#, "row 1, line 1: column 'n' is missing"),
            (#"{"text": "a", "n": null}"#, "row 1, line 1: column 'n' is missing"),
            (#"{"txt": "a", "n": 1}"#, "row 1, line 1: 'txt' is no column (did you mean 'text'?)"),
            (#"{"text": "a", "n": 1"#, "row 1, line 1: not valid JSON"),
            (#"{"text": "a", "n": 1}"# + "\n3", "row 2, line 2: a row must be an object, got a number"),
            (#"[{"text": "a", "n": 1} {"#, "row 1, line 1: not valid JSON"), (#"[{"text": "a", "n": 1},"#, "row 1"),
            (#"[{"text": "a", "n": 1}] x"#, "more after the array's end"), ("[]", "holds no rows"),
            ("", "holds no rows"),
            ("text,n\na,1\nb", "row 2, line 3: the header has 2 fields, this row has 1"),
            ("text,n\na,x", "row 1, line 2: column 'n' must be a number, got 'x'"),
            ("text,n\n\"a,1", "row 1, line 2: a quote is not closed"),
            ("text,n\n\"a\"b,1", "text after a closing quote"), ("text,text\n", "same name"),
            (String(repeating: "[", count: 100_000), "row 1"),
        ])
    func badRows(_ content: String, _ words: String) async throws {
        try await withDatasets { server, data in
            try write(content, data + "/rows")
            let error = await refusal {
                try await server.create("d", "file://\(data)/rows", ["text": .text, "n": .number])
            }
            #expect(error?.code == .invalidRequest)
            #expect(error?.field == "dataset.content_url")
            #expect(error?.message.contains(words) == true, "\(error?.message ?? "none")")
            let missing = await refusal { _ = try await server.get("d") }
            #expect(missing?.code == .notFound)
        }
    }

    @Test("a line of any length is refused by its number and costs no more than the limit")
    func longLine() async throws {
        try await withDatasets(", row_bytes_max: 2000, columns_max: 10") { server, data in
            try write(
                #"{"text": "a"}"# + "\n" + #"{"text": ""# + String(repeating: "x", count: 5_000_000), data + "/a.jsonl")
            let json = await refusal { try await server.create("d", "file://\(data)/a.jsonl", ["text": .text]) }
            #expect(json?.message.contains("row 2, line 2: it is longer than row_bytes_max (2000 bytes)") == true)
            try write(String(repeating: "x,", count: 900), data + "/a.csv")
            let csv = await refusal { try await server.create("d", "file://\(data)/a.csv", ["text": .text]) }
            #expect(csv?.message.contains("more than columns_max (10) fields") == true)
            try Data([0x7B, 0x22, 0xFF, 0x22, 0x3A, 0x31, 0x7D]).write(to: URL(fileURLWithPath: data + "/b.jsonl"))
            let utf8 = await refusal { try await server.create("d", "file://\(data)/b.jsonl", ["text": .text]) }
            #expect(utf8?.message.contains("row 1, line 1") == true)
        }
    }

    @Test("a JSON Lines line of 100 MB, a CSV of a million columns and a deep row are refused by their line")
    func hugeRows() async throws {
        try await withDatasets { server, data in
            func mistake(_ name: String) async -> String? {
                await refusal { try await server.create("d", "file://\(data)/\(name)", ["text": .text]) }?.message
            }
            let start = Data(#"{"text": "a"}"#.utf8) + [0x0A]
            try start.write(to: URL(fileURLWithPath: data + "/a.jsonl"))
            let handle = try #require(FileHandle(forWritingAtPath: data + "/a.jsonl"))
            try handle.seekToEnd()
            for _ in 0..<100 { try handle.write(contentsOf: Data(repeating: 0x78, count: 1 << 20)) }
            try handle.close()
            #expect(await mistake("a.jsonl")?.contains("row 2, line 2: it is longer than row_bytes_max") == true)
            try write((0..<1_000_000).map { "c\($0)" }.joined(separator: ",") + "\n", data + "/a.csv")
            #expect(await mistake("a.csv")?.contains("line 1: it has more than columns_max (1000) fields") == true)
            let deep = String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000)
            try write(#"{"text": "a"}"# + "\n" + #"{"text": "# + deep + "}\n", data + "/b.jsonl")
            #expect(await mistake("b.jsonl")?.contains("row 2, line 2: ") == true)
            try (start + [0x7B, 0x22, 0xC3, 0x28, 0x22, 0x3A, 0x31, 0x7D]).write(
                to: URL(fileURLWithPath: data + "/c.jsonl"))
            #expect(await mistake("c.jsonl")?.contains("row 2, line 2: ") == true)
            try (Data("text\na\n".utf8) + [0xC3, 0x28]).write(to: URL(fileURLWithPath: data + "/c.csv"))
            #expect(await mistake("c.csv")?.contains("row 2, line 3: it is not UTF-8") == true)
            let missing = await refusal { _ = try await server.get("d") }
            #expect(missing?.code == .notFound)
        }
    }

    @Test("dialogs, media and JSON are checked as what they are")
    func types() async throws {
        try await withDatasets { server, data in
            let good = #"{"d": [{"role": "user", "content": "hi"}], "m": "https://x.test/a.png", "j": [1]}"#
            try write(good, data + "/good.jsonl")
            try await server.create("d", "file://\(data)/good.jsonl", ["d": .dialog, "m": .media, "j": .json])
            for (bad, words) in [
                (#"{"d": [{"role": "bot", "content": "hi"}]}"#, "column 'd'[0].role must be one of"),
                (#"{"d": "hi"}"#, "column 'd' must be an array of messages or a dialog"),
            ] {
                try write(bad, data + "/bad.jsonl")
                let error = await refusal { try await server.create("e", "file://\(data)/bad.jsonl", ["d": .dialog]) }
                #expect(error?.message.contains(words) == true, "\(error?.message ?? "none")")
            }
            try write(#"{"m": "ftp://x"}"#, data + "/bad.jsonl")
            let media = await refusal { try await server.create("e", "file://\(data)/bad.jsonl", ["m": .media]) }
            #expect(media?.message.contains("column 'm' must be a URL") == true, "\(media?.message ?? "none")")
        }
    }

    @Test("a dataset without columns is 422")
    func noColumns() async throws {
        try await withDatasets { server, _ in
            let error = await refusal { try await server.create("d", "data:,{}", [:]) }
            #expect(error?.code == .invalidRequest)
            #expect(error?.field == "dataset.columns")
        }
    }
}
