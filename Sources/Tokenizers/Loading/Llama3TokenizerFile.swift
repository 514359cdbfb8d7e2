import Foundation

/// Meta's `tokenizer.model` for Llama 3: one line per learned token, base64 of its bytes and its rank, which is
/// also its id; 256 control tokens follow, whose names stand in the format, not in the file.
package enum Llama3TokenizerFile {
    static let fileBytesMax = 1 << 28

    /// The control tokens in order of id, the first right after the learned tokens.
    static let controlNames: [String] = {
        let named = [
            "<|begin_of_text|>", "<|end_of_text|>", "<|reserved_special_token_0|>", "<|reserved_special_token_1|>",
            "<|finetune_right_pad_id|>", "<|step_id|>", "<|start_header_id|>", "<|end_header_id|>", "<|eom_id|>",
            "<|eot_id|>", "<|python_tag|>", "<|image|>",
        ]
        return named + (2..<246).map { "<|reserved_special_token_\($0)|>" }
    }()

    /// Reads the file at `path`. Throws `TokenizerError` naming the line that is wrong.
    package static func tokenizer(path: String) throws -> any Tokenizer {
        let data: Data
        do {
            data = try Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped)
        } catch {
            throw TokenizerError(path, "can't be read: \(error.localizedDescription)")
        }
        return try data.withUnsafeBytes { try tokenizer($0.bindMemory(to: UInt8.self), place: path) }
    }

    /// The same from bytes; `place` names them in errors.
    package static func tokenizer(_ file: UnsafeBufferPointer<UInt8>, place: String) throws -> any Tokenizer {
        guard file.count <= fileBytesMax else {
            throw TokenizerError(place, "has \(file.count) bytes; at most \(fileBytesMax) are served")
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(file.count)
        var offsets: [UInt32] = []
        var start = 0
        while start < file.count {
            let end = file[start...].firstIndex(of: 0x0A) ?? file.count
            if end > start {
                offsets.append(UInt32(bytes.count))
                try readLine(
                    UnsafeBufferPointer(rebasing: file[start..<end]), rank: offsets.count - 1, into: &bytes, place)
            }
            start = end + 1
        }
        let learned = offsets.count
        guard learned > 0, learned <= VocabularyLimit.tokensMax else {
            throw TokenizerError(place, "has \(learned) tokens; wanted 1 to \(VocabularyLimit.tokensMax)")
        }
        var special = SpecialTokenTrie()
        for (index, name) in controlNames.enumerated() {
            offsets.append(UInt32(bytes.count))
            bytes.append(contentsOf: name.utf8)
            special.insert(name.utf8, token: Int32(learned + index), isTrustedOnly: true)
        }
        offsets.append(UInt32(bytes.count))
        let kinds =
            [TokenKind](repeating: .normal, count: learned)
            + [TokenKind](repeating: .control, count: controlNames.count)
        let table = TokenTable(bytes: bytes, offsets: offsets, kinds: kinds)
        try table.requireDistinct(place)
        let vocabulary = Vocabulary(
            table: table, special: special, bos: special.token("<|begin_of_text|>"),
            eos: special.token("<|end_of_text|>"),
            unknown: nil, addsBOS: true, addsEOS: false,
            endOfTurnTokens: Set(Vocabulary.endOfTurnNames.compactMap { special.token($0) }))
        if let missing = table.byteTokens.firstIndex(of: -1) {
            throw TokenizerError(place, "has no token for the single byte \(missing); all 256 are wanted")
        }
        return ByteLevelBPE(
            vocabulary: vocabulary, merges: .tokenOrder, preTokenizer: .llama3, takesWholeWordsFirst: true)
    }

    /// `IQ== 0` → the byte 0x21 for rank 0.
    private static func readLine(
        _ line: UnsafeBufferPointer<UInt8>, rank: Int, into bytes: inout [UInt8], _ place: String
    ) throws {
        func bad(_ problem: String) -> TokenizerError {
            TokenizerError("\(place):\(rank + 1)", "\(problem): '\(String(decoding: line.prefix(80), as: UTF8.self))'")
        }
        guard let gap = line.firstIndex(of: UInt8(ascii: " ")) else { throw bad("wanted base64, a space and a rank") }
        let start = bytes.count
        guard appendBase64(UnsafeBufferPointer(rebasing: line[..<gap]), to: &bytes), bytes.count > start else {
            throw bad("not base64")
        }
        guard bytes.count - start <= VocabularyLimit.tokenBytesMax else {
            throw bad("a token of more than \(VocabularyLimit.tokenBytesMax) bytes")
        }
        var value = 0
        var digits = line[(gap + 1)...]
        if digits.last == 0x0D { digits = digits.dropLast() }
        guard (1...9).contains(digits.count) else { throw bad("wanted a rank") }
        for digit in digits {
            guard (0x30...0x39).contains(digit) else { throw bad("wanted a rank") }
            value = value * 10 + Int(digit - 0x30)
        }
        guard value == rank else { throw bad("wanted rank \(rank), since ranks are ids and leave no gap") }
    }

    /// False unless `text` is padded base64 (RFC 4648, section 4).
    private static func appendBase64(_ text: UnsafeBufferPointer<UInt8>, to bytes: inout [UInt8]) -> Bool {
        guard text.count % 4 == 0 else { return false }
        let padding = text.suffix(2).reduce(0) { $0 + ($1 == UInt8(ascii: "=") ? 1 : 0) }
        var bits: UInt32 = 0
        for (index, character) in text.enumerated() {
            let value: UInt8
            switch character {
            case 0x41...0x5A: value = character - 0x41
            case 0x61...0x7A: value = character - 0x61 + 26
            case 0x30...0x39: value = character - 0x30 + 52
            case UInt8(ascii: "+"): value = 62
            case UInt8(ascii: "/"): value = 63
            case UInt8(ascii: "=") where index >= text.count - padding: value = 0
            default: return false
            }
            bits = bits << 6 | UInt32(value)
            guard index % 4 == 3 else { continue }
            bytes.append(UInt8(truncatingIfNeeded: bits >> 16))
            bytes.append(UInt8(truncatingIfNeeded: bits >> 8))
            bytes.append(UInt8(truncatingIfNeeded: bits))
            bits = 0
        }
        bytes.removeLast(padding)
        return true
    }
}
