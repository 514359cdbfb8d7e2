import Checkpoints
import LlamaStackAPI

extension WordPiece {
    static let fileBytesMax = 1 << 26

    /// Reads `vocab.txt`: a token a line, its number the line's.
    /// - Throws: `TokenizerError`, `CheckpointError`.
    package init(vocabulary file: MappedFile, options: Options) throws {
        try Self.checkSize(file)
        var lines = TokenList(place: file.path)
        var start = 0
        while start < file.bytes.count {
            let end = file.bytes[start...].firstIndex(of: 0x0A) ?? file.bytes.count
            var line = file.bytes[start..<end]
            if line.last == 0x0D { line = line.dropLast() }
            try lines.append(line)
            start = end + 1
        }
        try self.init(table: lines.table(), options: options, place: file.path)
    }

    /// Reads a `tokenizer.json` whose model is WordPiece, its normaliser's options too.
    /// - Throws: `TokenizerError`, `CheckpointError`.
    package init(tokenizerJSON file: MappedFile) throws {
        try Self.checkSize(file)
        var json = CheckpointJSON(file)
        var options = Options()
        var list: TokenList?
        try json.members(of: "tokenizer", membersMax: 64) { key, json throws(CheckpointError) in
            switch key {
            case "normalizer": options = try Self.options(&json)
            case "model": list = try Self.model(&json, file)
            default: try json.skip(key.quotedForMessage())
            }
        }
        try json.end("tokenizer")
        guard let list else { throw TokenizerError(file.path, "has no 'model'") }
        try self.init(table: list.table(), options: options, place: file.path)
    }

    private static func checkSize(_ file: MappedFile) throws {
        guard file.bytes.count <= fileBytesMax else {
            throw TokenizerError(file.path, "has \(file.bytes.count) bytes; at most \(fileBytesMax) are served")
        }
    }

    private static func options(_ json: inout CheckpointJSON) throws(CheckpointError) -> Options {
        let at = json.offset
        let normalizer = try json.value("normalizer")
        guard normalizer["type"]?.stringValue == "BertNormalizer" else {
            throw json.refuse(
                "normalizer", at: at, found: normalizer["type"]?.shown ?? "no type", wanted: "a BertNormalizer")
        }
        return Options(
            lowercases: normalizer["lowercase"], stripsAccents: normalizer["strip_accents"],
            separatesHan: normalizer["handle_chinese_chars"])
    }

    private static func model(_ json: inout CheckpointJSON, _ file: MappedFile) throws(CheckpointError) -> TokenList {
        var list: TokenList?
        try json.members(of: "model", membersMax: 64) { key, json throws(CheckpointError) in
            let at = json.offset
            func require(_ value: JSON, _ wanted: JSON) throws(CheckpointError) {
                guard value == wanted else {
                    throw json.refuse("'\(key)' of the model", at: at, found: value.shown, wanted: wanted.shown)
                }
            }
            switch key {
            case "type": try require(try json.value(key), "WordPiece")
            case "unk_token": try require(try json.value(key), .string(unknownName))
            case "continuing_subword_prefix": try require(try json.value(key), "##")
            case "max_input_chars_per_word":
                try require(try json.value(key), .integer(Int64(wordScalarsMax)))
            case "vocab": list = try vocabulary(&json, file)
            default: try json.skip(key.quotedForMessage())
            }
        }
        guard let list else { throw json.refuse("model", found: "no 'vocab'", wanted: "one") }
        return list
    }

    private static func vocabulary(
        _ json: inout CheckpointJSON, _ file: MappedFile
    ) throws(CheckpointError) -> TokenList {
        var spellings: [[UInt8]?] = []
        var count = 0
        try json.rawMembers(of: "vocab") { key, json throws(CheckpointError) in
            let token = try json.integer("a token's number", in: 0...VocabularyLimit.tokensMax - 1)
            while spellings.count <= token { spellings.append(nil) }
            guard spellings[token] == nil else {
                throw json.refuse("vocab", found: "token \(token) again", wanted: "each number once")
            }
            spellings[token] = Array(json.text(key).utf8)
            count += 1
        }
        guard count == spellings.count else {
            throw json.refuse(
                "vocab", found: "\(count) tokens with numbers up to \(spellings.count - 1)", wanted: "no gaps")
        }
        var list = TokenList(place: file.path)
        do {
            for spelling in spellings { try list.append(spelling ?? []) }
        } catch {
            throw json.refuse("vocab", found: "\(error)", wanted: "a vocabulary within the limits")
        }
        return list
    }
}

extension WordPiece.Options {
    /// A null or absent setting keeps its default.
    package init(lowercases: JSON?, stripsAccents: JSON?, separatesHan: JSON?) {
        func flag(_ json: JSON?) -> Bool? { if case .bool(let flag)? = json { flag } else { nil } }
        self.init()
        self.lowercases = flag(lowercases) ?? self.lowercases
        self.stripsAccents = flag(stripsAccents)
        self.separatesHan = flag(separatesHan) ?? self.separatesHan
    }
}

/// Tokens in the order of their numbers, back to back.
private struct TokenList {
    let place: String
    private var bytes: [UInt8] = []
    private var offsets: [UInt32] = [0]
    private var kinds: [TokenKind] = []

    init(place: String) { self.place = place }

    mutating func append(_ spelling: some Collection<UInt8>) throws(TokenizerError) {
        guard kinds.count < VocabularyLimit.tokensMax else {
            throw TokenizerError(place, "has more than \(VocabularyLimit.tokensMax) tokens")
        }
        guard spelling.count <= VocabularyLimit.tokenBytesMax else {
            throw TokenizerError(
                place,
                "token \(kinds.count) has \(spelling.count) bytes; at most \(VocabularyLimit.tokenBytesMax) are served")
        }
        bytes.append(contentsOf: spelling)
        offsets.append(UInt32(bytes.count))
        let isControl = WordPiece.controlNames.contains { $0.utf8.elementsEqual(spelling) }
        kinds.append(isControl ? .control : .normal)
    }

    func table() throws -> TokenTable {
        guard !kinds.isEmpty else { throw TokenizerError(place, "has no tokens") }
        let table = TokenTable(bytes: bytes, offsets: offsets, kinds: kinds)
        try table.requireDistinct(place)
        return table
    }
}
