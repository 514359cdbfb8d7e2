import Foundation
import LlamaStackAPI
import Testing

@testable import DatasetRows

struct RowReaderTests {
    private func rows(_ text: String, _ form: RowForm? = nil, _ limits: RowLimits = RowLimits()) throws -> [JSONObject]
    {
        var reader = try RowReader(DatasetContent(source: .bytes(Array(text.utf8)), form: form), [:], limits)
        var rows: [JSONObject] = []
        while let row = try reader.next() { rows.append(row.values) }
        return rows
    }

    private func mistake(_ text: String, _ form: RowForm? = nil, _ limits: RowLimits = RowLimits()) -> String? {
        do {
            _ = try rows(text, form, limits)
            return nil
        } catch { return "\(error)" }
    }

    @Test("CSV is read as RFC 4180 has it")
    func csv() throws {
        let text = "a,b\r\n\"x \"\"y\"\"\", \r\n\"1,\n2\",\"\"\nlast,q\"q"
        #expect(
            try rows(text, .csv) == [
                ["a": "x \"y\"", "b": " "], ["a": "1,\n2", "b": ""], ["a": "last", "b": "q\"q"],
            ])
        #expect(mistake("a\n\"x\"y\n", .csv) == "has a mistake in row 1, line 2: there is text after a closing quote")
        #expect(mistake("a\n\"x\n\n", .csv)?.contains("row 1, line 2: a quote is not closed") == true)
    }

    @Test("a row's line is where it begins, whatever lies before it")
    func lines() throws {
        var reader = try RowReader(
            DatasetContent(source: .bytes(Array("\n[{\"a\":\n1}\n,\n{\"a\": 2}]".utf8)), form: nil))
        #expect(try reader.next()?.line == 2)
        #expect(try reader.next()?.line == 5)
        #expect(try reader.next() == nil)
    }

    @Test(
        "what is packed or Parquet is refused by what it is, and told what to do",
        arguments: [
            ([0x1F, 0x8B, 8], "gzip"), ([0x50, 0x4B, 3, 4], "zip"), (Array("PAR1xx".utf8), "JSON Lines"),
            ([0x28, 0xB5, 0x2F, 0xFD], "zstd"),
        ] as [([UInt8], String)])
    func packed(_ bytes: [UInt8], _ word: String) throws {
        #expect(throws: DatasetError.self) { try RowReader(DatasetContent(source: .bytes(bytes), form: nil)) }
        do { _ = try RowReader(DatasetContent(source: .bytes(bytes), form: .csv)) } catch {
            #expect("\(error)".contains(word))
        }
        #expect(throws: DatasetError.self) { try RowForm(fileName: "a.PARQUET") }
    }

    @Test("rows come out whole across the pieces that are read, at every offset")
    func pieces() throws {
        let path = NSTemporaryDirectory() + "rows-\(UUID().uuidString)"
        defer { unlink(path) }
        // A piece is 256 KiB: the ends of rows fall before, on and after its end.
        for shift in 0..<24 {
            let text =
                "{\"a\": \"" + String(repeating: "x", count: (1 << 18) - 20 + shift) + "\"}\n{\"a\": 1}\r\n{\"a\": 2}"
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
            let file = try #require(FileHandle(forReadingAtPath: path))
            var reader = try RowReader(DatasetContent(source: .file(file), form: .jsonLines))
            #expect(try reader.next()?.values["a"]?.stringValue?.utf8.count == (1 << 18) - 20 + shift)
            #expect(try reader.next()?.values == ["a": 1])
            #expect(try reader.next()?.values == ["a": 2])
            #expect(try reader.next() == nil)
        }
    }

    @Test("every cut of a file is its first rows and then a mistake, or an end: never a trap, never a half row")
    func cuts() throws {
        let texts: [(String, RowForm)] = [
            ("{\"a\": \"é\\n\", \"b\": [1, {}]}\n{\"a\": 1, \"b\": null}\n", .jsonLines),
            ("[{\"a\": \"é\\n\", \"b\": [1, {}]} , {\"a\": 1, \"b\": null}] ", .jsonArray),
            ("a,b\r\n\"é\"\"\",\"1\n2\"\r\n1,\r\n", .csv),
        ]
        for (text, form) in texts {
            let bytes = Array(text.utf8)
            let whole = try rows(text, form)
            for count in 0...bytes.count {
                guard
                    var reader = try? RowReader(DatasetContent(source: .bytes(Array(bytes.prefix(count))), form: form))
                else { continue }
                var got: [JSONObject] = []
                while let row = try? reader.next() { got.append(row.values) }
                // Of CSV the last record may end anywhere.
                let sure = form == .csv ? Array(got.dropLast()) : got
                #expect(whole.starts(with: sure), "\(form), \(count) bytes: \(got)")
            }
        }
    }
}
