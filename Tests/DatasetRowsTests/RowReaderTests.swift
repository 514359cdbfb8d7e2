import Foundation
import LlamaStackAPI
import Testing

@testable import DatasetRows

struct RowReaderTests {
    private func rows(_ text: String, _ format: RowFormat? = nil, _ limits: RowLimits = RowLimits()) throws
        -> [JSONObject]
    {
        var reader = try RowReader(DatasetContent(source: .bytes(Array(text.utf8)), format: format), [:], limits)
        var rows: [JSONObject] = []
        while let row = try reader.next() { rows.append(row.values) }
        return rows
    }

    private func mistake(_ text: String, _ format: RowFormat? = nil, _ limits: RowLimits = RowLimits()) -> String? {
        do {
            _ = try rows(text, format, limits)
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
            DatasetContent(source: .bytes(Array("\n[{\"a\":\n1}\n,\n{\"a\": 2}]".utf8)), format: nil))
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
        #expect(throws: DatasetError.self) { try RowReader(DatasetContent(source: .bytes(bytes), format: nil)) }
        do { _ = try RowReader(DatasetContent(source: .bytes(bytes), format: .csv)) } catch {
            #expect("\(error)".contains(word))
        }
        #expect(throws: DatasetError.self) { try RowFormat(fileName: "a.PARQUET") }
    }

    @Test(
        "what is no text that is read is named for what it is, with the command that converts it",
        arguments: [
            (Array("ARROW1\0\0".utf8), "is Arrow, which", "pyarrow"),
            ([0xFF, 0xFF, 0xFF, 0xFF, 8], "an Arrow stream", "pyarrow"),
            (Array("SQLite format 3\0".utf8), "is a SQLite database", "sqlite3 -csv"),
            ([0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1], "is an Excel workbook", "read_excel"),
            (
                [0x50, 0x4B, 3, 4] + Array("................[Content_Types].xml".utf8), "is an Excel workbook",
                "read_excel"
            ),
            ([0x50, 0x4B, 3, 4] + Array("....a.csv".utf8), "is packed (zip)", "unzip"),
            ([0x1F, 0x8B, 8], "is packed (gzip)", "gzip -dk"), ([0x80, 4, 0x95], "is a Python pickle", "read_pickle"),
            ([0xFF, 0xFE, 0x61, 0, 0x2C, 0], "is UTF-16, as Excel's", "iconv -f UTF-16 "),
            ([0xFE, 0xFF, 0, 0x61, 0, 0x2C], "is UTF-16, as Excel's", "iconv -f UTF-16 "),
            ([0x61, 0, 0x2C, 0, 0x62, 0, 0x0A, 0], "is UTF-16LE", "iconv -f UTF-16LE "),
            ([0, 0x7B, 0, 0x22, 0, 0x61], "is UTF-16BE", "iconv -f UTF-16BE "),
            ([0xFF, 0xFE, 0, 0, 0x61, 0, 0, 0], "is UTF-32", "iconv -f UTF-32 "),
            (Array("FEA1\0\0\0\0".utf8), "is Arrow, which", "read_feather"),
            (Array("ORC\n\0\u{3}\0\0".utf8), "is ORC, which", "read_orc"),
            (Array("\u{1}\0\0\0\0\0\0\0DUCK\u{40}\0".utf8), "is a DuckDB database", "duckdb a.duckdb"),
            (Array("<stata_dta><header>".utf8), "is a Stata file", "read_stata"),
            (Array("$FL2@(#) SPSS".utf8), "is an SPSS file", "read_spss"),
            (Array("RDX3\nX\n".utf8), "is R's own format", "write.csv"),
            (
                Array("a.csv".utf8) + [UInt8](repeating: 0, count: 252) + Array("ustar\0".utf8), "is packed (tar)",
                "tar -xf"
            ),
            ([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13], "is no text", "CSV is wanted"),
            ([16, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4], "is no text", "CSV is wanted"),
            (Array("Rar!\u{1A}\u{7}\u{1}\0".utf8), "is packed (rar)", "unrar x"),
            ([UInt8](repeating: 0, count: 12) + [0xC2, 0xEA, 0x81, 0x60, 0xB3], "is a SAS file", "read_sas"),
            (Array("HEADER RECORD*******LIBRARY".utf8), "is a SAS transport file", "read_sas"),
            (Array("version https://git-lfs.github.com/spec/v1".utf8), "is a Git LFS pointer", "git lfs pull"),
            (Array("<!DOCTYPE html>".utf8), "is an HTML page", "link of the file"),
            (Array("// rows\n[]".utf8), "begins with a comment", "leave it out"),
        ] as [([UInt8], String, String)])
    func foreign(_ bytes: [UInt8], _ name: String, _ command: String) {
        for format in [nil, .csv, .jsonLines, .jsonArray] as [RowFormat?] {
            let error = #expect(throws: DatasetError.self) {
                try RowReader(DatasetContent(source: .bytes(bytes), format: format))
            }
            #expect(
                error?.description.hasPrefix(name.hasPrefix("is ") || name.hasPrefix("begins") ? name : "is \(name)")
                    == true)
            #expect(error?.description.contains(command) == true, "\(error?.description ?? "")")
        }
    }

    @Test(
        "names of files in other formats are refused with the format's name",
        arguments: [
            ("a.arrow", "Arrow"), ("a.feather", "Arrow"), ("a.sqlite", "SQLite"), ("a.db", "SQLite"),
            ("a.xlsx", "Excel"), ("a.XLS", "Excel"), ("a.ods", "OpenDocument"), ("a.csv.gz", "gzip"), ("a.zip", "zip"),
            ("a.tsv", "tabs"), ("a.parquet", "duckdb"), ("a.orc", "ORC"), ("a.avro", "Avro"), ("a.yaml", "YAML"),
        ])
    func names(_ name: String, _ word: String) {
        let error = #expect(throws: DatasetError.self) { try RowFormat(fileName: name) }
        #expect(error?.description.contains(word) == true, "\(error?.description ?? "")")
    }

    @Test(
        "another separator than the comma is named, with the command that makes commas of it",
        arguments: [
            ("a;b;c\n1,5;2;3\n", "is separated by ';'", "delimiter=\";\""),
            ("a\tb\n1\t2\n", "is separated by tabs", "delimiter=\"\\t\""),
            ("a|b\n1|2\n", "is separated by '|'", "delimiter=\"|\""),
            ("sep=;\na;b\n1;2\n", "is separated by ';'", "delimiter=\";\""),
            ("name;price, EUR;note\nx;1,5;y\n", "is separated by ';'", "delimiter=\";\""),
            ("\u{FEFF}\"a\";\"b\"\r\n1;2\r\n", "is separated by ';'", "delimiter=\";\""),
            ("a^b\n1^2\n", "is separated by '^'", "delimiter=\"^\""), ("a~b\n1~2\n", "is separated by '~'", "\"~\""),
            ("a\u{1}b\n1\u{1}2\n", "is separated by U+0001", "delimiter=\"\\x01\""),
        ])
    func separators(_ text: String, _ name: String, _ command: String) throws {
        let found = try #require(mistake(text, .csv))
        #expect(found.hasPrefix(name) && found.contains(command) && found.contains("csv.reader"), "\(found)")
    }

    @Test("lines that end with CR alone are named, with the command that mends them")
    func carriageReturns() {
        #expect(mistake("a,b\r1,2\r", .csv) == "ends its lines with CR alone: tr '\\r' '\\n' < FILE > FILE.csv")
        #expect(mistake("a,b\r\n\"1\r2\",2\r\n", .csv) == nil)
    }

    @Test("ORCID heads a column")
    func orcid() { #expect(mistake("ORCID,name\n1,x\n", .csv) == nil) }

    @Test(
        "a comma's neighbours are no separators",
        arguments: ["a,b;c\n1,2\n", "a b\n1\n", "a,\"b;c;d\"\n1,2\n", "a,b\n1;2,3\n"])
    func commas(_ text: String) { #expect(mistake(text, .csv) == nil) }

    @Test(
        "what is nearly JSON is told why it is not",
        arguments: [
            (#"[{"a": 1},]"#, "there is a comma before the array's ']': leave the last comma out"),
            (#"[{"a": 1,}]"#, "found a comma before '}'; leave the last comma out"),
            (#"{"a": [1, 2, ]}"#, "found a comma before ']'"), (#"{'a': 1}"#, "found a single quote; write names"),
            (#"[{"a": 1}, /* two */ {"a": 2}]"#, "found a comment; JSON has no comments"),
            (#"[{"a": 1}, # two"# + "\n{}]", "found a comment"), (#"{"a": NaN}"#, "found NaN, a number that JSON"),
            (#"{"a": -Infinity}"#, "found -Infinity, a number"), (#"{"a": True}"#, "found Python's True; write true"),
            (#"{"a": None}"#, "found Python's None; write null"),
            ("{\"a\": 1},\n{\"a\": 2},\n", "JSON Lines has no commas between rows"),
            (#"{a: 1}"#, "found a name without quotes"),
            (#"{"a": 1}{"a": 2}"#, "each row has a line of its own"),
            ("\u{1E}{\"a\": 1}\n", "the separator of RFC 7464"),
            ("{\n  \"a\": 1\n}\n", "is the object on several lines?"),
        ])
    func nearlyJSON(_ text: String, _ words: String) {
        #expect(mistake(text)?.hasPrefix("has a mistake in row ") == true)
        #expect(mistake(text)?.contains(words) == true, "\(mistake(text) ?? "none")")
    }

    @Test("what stands around the rows is told apart from them")
    func around() {
        let columns: JSON = ["a": "text", "b": "text"]
        #expect(
            check(#"{"rows": [{"a": "x", "b": "y"}]}"#, columns)?
                .hasSuffix(
                    "'rows' is no column (are the rows in it? jq -c '.[\"rows\"][]' FILE makes JSON Lines of them)")
                == true)
        for text in [
            #"{"a": {"0": "x"}, "b": {"0": "y"}}"#, #"{"columns": ["a", "b"], "index": [0], "data": [["x", "y"]]}"#,
        ] {
            #expect(
                check(text, columns)?.contains("to_json('a.jsonl', orient='records', lines=True)") == true, "\(text)")
        }
        #expect(check("# made by x\na,b\n1,2\n", columns, .csv)?.contains("CSV has no comments") == true)
        #expect(check("a,b\n\"x\\\"y\",2\n", columns, .csv)?.contains("written twice, without a backslash") == true)
    }

    private func check(_ text: String, _ columns: JSON, _ format: RowFormat? = nil) -> String? {
        do {
            let columns = try [String: DatasetColumn](json: columns, at: .root)
            _ = try RowCheck(columns, RowLimits()).count(
                DatasetContent(source: .bytes(Array(text.utf8)), format: format)
            ) { false }
            return nil
        } catch { return "\(error)" }
    }

    @Test(
        "a nullable column may be null, absent or empty; another may not, but json takes null as the value it is",
        arguments: [
            (#"{"a": "x", "b": null}"#, "json", nil), (#"{"a": "x"}"#, "json", "column 'b' is missing (a column"),
            (
                #"{"a": "x", "b": null}"#, "number",
                "column 'b' is missing: it is null (a column {\"type\":\"number\",\"nullable\":true} may be)"
            ),
            (#"{"a": "x", "b": null}"#, ["type": "number", "nullable": true], nil),
            (#"{"a": "x"}"#, ["type": "number", "nullable": true], nil),
            (#"{"a": "x", "b": 1}"#, ["type": "number", "nullable": true], nil),
            (
                #"{"a": "x", "b": "1"}"#, ["type": "number", "nullable": true],
                "column 'b' must be a number, got a string"
            ),
            (#"{"a": "x", "b": null}"#, ["type": "dialog", "nullable": true], nil),
            (#"{"a": "x", "b": null}"#, ["type": "text", "nullable": false], "column 'b' is missing"),
            (
                "a,b\nx,\n", "number",
                "must be a number, got '' (a column {\"type\":\"number\",\"nullable\":true} may be empty)"
            ),
            ("a,b\nx,\n", ["type": "number", "nullable": true], nil), ("a,b\nx,\n", "text", nil),
            ("a,b\nx,\"\"\n", ["type": "media", "nullable": true], nil),
            ("a,b\nx,\n", ["type": "dialog", "nullable": true], nil),
            ("a,b\nx,y\n", ["type": "number", "nullable": true], "must be a number, got 'y'"),
        ] as [(String, JSON, String?)])
    func nullable(_ text: String, _ column: JSON, _ wanted: String?) {
        let found = check(text, ["a": "text", "b": column])
        if let wanted {
            #expect(found?.contains(wanted) == true, "\(found ?? "taken")")
        } else {
            #expect(found == nil)
        }
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
            var reader = try RowReader(DatasetContent(source: .file(file), format: .jsonLines))
            #expect(try reader.next()?.values["a"]?.stringValue?.utf8.count == (1 << 18) - 20 + shift)
            #expect(try reader.next()?.values == ["a": 1])
            #expect(try reader.next()?.values == ["a": 2])
            #expect(try reader.next() == nil)
        }
    }

    @Test("every cut of a file is its first rows and then a mistake, or an end: never a trap, never a half row")
    func cuts() throws {
        let texts: [(String, RowFormat)] = [
            ("{\"a\": \"é\\n\", \"b\": [1, {}]}\n{\"a\": 1, \"b\": null}\n", .jsonLines),
            ("[{\"a\": \"é\\n\", \"b\": [1, {}]} , {\"a\": 1, \"b\": null}] ", .jsonArray),
            ("a,b\r\n\"é\"\"\",\"1\n2\"\r\n1,\r\n", .csv),
        ]
        for (text, format) in texts {
            let bytes = Array(text.utf8)
            let whole = try rows(text, format)
            for count in 0...bytes.count {
                guard
                    var reader = try? RowReader(
                        DatasetContent(source: .bytes(Array(bytes.prefix(count))), format: format))
                else { continue }
                var got: [JSONObject] = []
                while let row = try? reader.next() { got.append(row.values) }
                // Of CSV the last record may end anywhere.
                let sure = format == .csv ? Array(got.dropLast()) : got
                #expect(whole.starts(with: sure), "\(format), \(count) bytes: \(got)")
            }
        }
    }
}
