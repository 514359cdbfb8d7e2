/// Forms of data that are known and not read, by their first bytes or their names' ends: each with the command that
/// makes JSON Lines or CSV of it.
struct ForeignFormat {
    let refusal: String

    /// nil for bytes that may be text.
    init?(start: ArraySlice<UInt8>) {
        guard let row = Self.row(of: start) else {
            guard let other = Self.wide(start) ?? Self.binary(start) else { return nil }
            refusal = other
            return
        }
        // A workbook is a ZIP archive, with one of these among its first names.
        if row.name == "zip", let workbook = Self.workbook(start) {
            refusal = workbook.refusal
        } else {
            refusal = row.refusal
        }
    }

    /// - Parameter fileExtension: in small letters.
    init?(fileExtension: String) {
        guard let row = Self.rows.first(where: { $0.extensions.contains(fileExtension) }) else { return nil }
        refusal = row.refusal
    }

    private struct Row {
        var name: String
        var extensions: [String]
        var marks: [[UInt8]]
        var refusal: String
        /// Where the marks stand.
        var offset = 0
    }

    private static func row(of start: ArraySlice<UInt8>) -> Row? {
        rows.first { row in row.marks.contains { start.dropFirst(row.offset).starts(with: $0) } }
    }

    private static func packed(_ name: String, _ extensions: [String], _ mark: [UInt8], _ command: String) -> Row {
        Row(
            name: name, extensions: extensions, marks: [mark],
            refusal: "is packed (\(name)): unpack it (\(command)), and name the file in it")
    }

    private static func other(
        _ name: String, _ extensions: [String], _ marks: [[UInt8]], _ install: String, _ program: String
    ) -> Row {
        Row(
            name: name, extensions: extensions, marks: marks,
            refusal: "is \(name), which is not read here: make JSON Lines of it (pip install \(install), then "
                + "python3 -c \"\(program)\")")
    }

    private static func pandas(_ read: String) -> String {
        "import pandas; pandas.\(read).to_json('a.jsonl', orient='records', lines=True)"
    }

    private static let excel = other(
        "an Excel workbook", ["xlsx", "xlsm", "xls", "xlsb"], [[0xD0, 0xCF, 0x11, 0xE0]], "pandas openpyxl xlrd",
        pandas("read_excel('a.xlsx')"))

    private static let openDocument = other(
        "an OpenDocument spreadsheet", ["ods"], [], "pandas odfpy", pandas("read_excel('a.ods')"))

    /// Known by its name, and by its first letters where what follows is no text: "ORCID" may head a column.
    private static let orc = other("ORC", ["orc"], [], "pandas pyarrow", pandas("read_orc('a.orc')"))

    private static let rows: [Row] = [
        other(
            "Parquet", ["parquet", "pq"], [Array("PAR1".utf8)], "duckdb",
            #"import duckdb; duckdb.sql(\"COPY 'a.parquet' TO 'a.jsonl' (FORMAT json)\")"#),
        other(
            "Arrow", ["arrow", "feather", "ipc", "arrows"], [Array("ARROW1\0\0".utf8), Array("FEA1".utf8)],
            "pandas pyarrow", pandas("read_feather('a.arrow')")),
        other(
            "an Arrow stream", [], [[0xFF, 0xFF, 0xFF, 0xFF]], "pandas pyarrow",
            "import pyarrow.ipc; pyarrow.ipc.open_stream('a.arrow').read_pandas()"
                + ".to_json('a.jsonl', orient='records', lines=True)"),
        Row(
            name: "SQLite", extensions: ["sqlite", "sqlite3", "db", "db3"], marks: [Array("SQLite format 3".utf8)],
            refusal: "is a SQLite database, which is not read here: make CSV of a table "
                + "(sqlite3 -csv -header a.sqlite 'SELECT * FROM NAME' > a.csv)"),
        excel, openDocument,
        other(
            "Avro", ["avro"], [Array("Obj\u{1}".utf8)], "pandas fastavro",
            "import fastavro, pandas; pandas.DataFrame(fastavro.reader(open('a.avro', 'rb')))"
                + ".to_json('a.jsonl', orient='records', lines=True)"),
        orc,
        Row(
            name: "DuckDB", extensions: ["duckdb", "ddb"], marks: [Array("DUCK".utf8)],
            refusal: "is a DuckDB database, which is not read here: make JSON Lines of a table "
                + "(duckdb a.duckdb -c \"COPY NAME TO 'a.jsonl' (FORMAT json)\")", offset: 8),
        other(
            "a Stata file", ["dta"], [Array("<stata_dta>".utf8)], "pandas", pandas("read_stata('a.dta')")),
        other(
            "a SAS file", ["sas7bdat"], [[UInt8](repeating: 0, count: 12) + [0xC2, 0xEA, 0x81, 0x60]], "pandas",
            pandas("read_sas('a.sas7bdat')")),
        other("a SAS transport file", ["xpt"], [Array("HEADER RECORD***".utf8)], "pandas", pandas("read_sas('a.xpt')")),
        other("an SPSS file", ["sav"], [Array("$FL2".utf8)], "pandas pyreadstat", pandas("read_spss('a.sav')")),
        Row(
            name: "R", extensions: ["rdata", "rda", "rds"], marks: [Array("RDX2\n".utf8), Array("RDX3\n".utf8)],
            refusal: "is R's own format, which is not read here: write CSV of it "
                + "(write.csv(x, 'a.csv', row.names = FALSE))"),
        other(
            "a Python pickle", ["pkl", "pickle"], [[0x80, 2], [0x80, 3], [0x80, 4], [0x80, 5]], "pandas",
            pandas("read_pickle('a.pkl')")),
        other(
            "an HDF5 file", ["h5", "hdf5", "hdf"], [[0x89, 0x48, 0x44, 0x46]], "pandas tables",
            pandas("read_hdf('a.h5')")),
        Row(
            name: "NumPy", extensions: ["npy", "npz"], marks: [[0x93, 0x4E, 0x55, 0x4D]],
            refusal: "is a NumPy array, which has no columns: write JSON Lines of it"),
        packed("gzip", ["gz", "tgz"], [0x1F, 0x8B], "gzip -dk FILE"),
        packed("zip", ["zip"], [0x50, 0x4B, 0x03, 0x04], "unzip FILE"),
        packed("zstd", ["zst", "zstd"], [0x28, 0xB5, 0x2F, 0xFD], "zstd -d FILE"),
        packed("xz", ["xz"], [0xFD, 0x37, 0x7A, 0x58, 0x5A], "xz -dk FILE"),
        packed("bzip2", ["bz2"], [0x42, 0x5A, 0x68], "bzip2 -dk FILE"),
        packed("rar", ["rar"], Array("Rar!\u{1A}\u{7}".utf8), "unrar x FILE"),
        packed("7z", ["7z"], [0x37, 0x7A, 0xBC, 0xAF], "7z x FILE"),
        packed("lz4", ["lz4"], [0x04, 0x22, 0x4D, 0x18], "lz4 -d FILE"),
        Row(
            name: "tar", extensions: ["tar"], marks: [Array("ustar".utf8)],
            refusal: "is packed (tar): unpack it (tar -xf FILE), and name the file in it", offset: 257),
        Row(
            name: "TSV", extensions: ["tsv", "tab"], marks: [],
            refusal: CSVSeparator("\t").refusal),
        Row(
            name: "a Git LFS pointer", extensions: [], marks: [Array("version https://git-lfs".utf8)],
            refusal: "is a Git LFS pointer, not the file: run 'git lfs pull' in its folder"),
        Row(
            name: "HTML", extensions: ["html", "htm"],
            marks: ["<!DOCTYPE", "<!doctype", "<html", "<HTML"].map { Array($0.utf8) },
            refusal: "is an HTML page, not data: fetch the link of the file itself"),
        Row(
            name: "XML", extensions: ["xml"], marks: [Array("<?xml".utf8)],
            refusal: "is XML, which is not read here: make JSON Lines of it"),
        Row(
            name: "YAML", extensions: ["yaml", "yml"], marks: [],
            refusal: "is YAML, which is not read here: make JSON of it (yq -o json . FILE > a.json)"),
        Row(
            name: "PDF", extensions: ["pdf"], marks: [Array("%PDF".utf8)],
            refusal: "is a PDF, not rows of data"),
        Row(
            name: "comment", extensions: [], marks: [Array("/*".utf8), Array("//".utf8)],
            refusal: "begins with a comment, which neither JSON nor CSV has: leave it out"),
    ]

    /// By the name of the archive's first file, or another within the bytes at hand.
    private static func workbook(_ start: ArraySlice<UInt8>) -> Row? {
        let text = String(decoding: start, as: UTF8.self)
        if text.contains("opendocument.spreadsheet") { return openDocument }
        return ["[Content_Types].xml", "xl/", "_rels/.rels", "docProps/"].contains(where: text.contains) ? excel : nil
    }

    /// Text of two or four bytes a letter.
    private static func wide(_ start: ArraySlice<UInt8>) -> String? {
        func refusal(_ name: String) -> String {
            "is \(name), as Excel's 'Unicode Text' is, and UTF-8 is wanted: iconv -f \(name) -t UTF-8 FILE > FILE.csv"
        }
        if start.starts(with: [0xFF, 0xFE, 0, 0]) || start.starts(with: [0, 0, 0xFE, 0xFF]) {
            return "is UTF-32, and UTF-8 is wanted: iconv -f UTF-32 -t UTF-8 FILE > FILE.csv"
        }
        if start.starts(with: [0xFF, 0xFE]) || start.starts(with: [0xFE, 0xFF]) { return refusal("UTF-16") }
        // Without a mark every other byte of plain text is 0, and of the others none.
        let bytes = Array(start.prefix(64))
        let zeros = [0, 1].map { odd in bytes.indices.count { $0 & 1 == odd && bytes[$0] == 0 } }
        guard bytes.count >= 4, (zeros[0] + zeros[1]) * 5 >= bytes.count * 2 else { return nil }
        return zeros[0] == 0 ? refusal("UTF-16LE") : zeros[1] == 0 ? refusal("UTF-16BE") : nil
    }

    /// No text holds a zero.
    private static func binary(_ start: ArraySlice<UInt8>) -> String? {
        guard start.contains(0) else { return nil }
        if start.starts(with: "ORC".utf8) { return orc.refusal }
        return "is no text: JSON Lines, a JSON array or CSV is wanted"
    }
}
