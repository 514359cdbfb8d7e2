/// How byte-level BPE cuts text into words before it merges; merges never cross a cut. The published patterns
/// are regular expressions; here they are scanners by hand, since they run over every prompt.
enum PreTokenizer: Sendable, Equatable {
    /// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
    case gpt2
    /// Every `\p{N}` on its own first, then as `gpt2` between them.
    case smollm
    /// `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|
    /// ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
    case llama3
    /// As `llama3`, but each `\p{N}` on its own; the text is first brought to Unicode form NFC.
    case qwen2

    /// Values of `tokenizer.ggml.pre` for each.
    static let names: [(name: String, scanner: PreTokenizer)] = [
        ("gpt-2", .gpt2), ("default", .gpt2), ("phi-2", .gpt2), ("olmo", .gpt2), ("mpt", .gpt2), ("jais", .gpt2),
        ("smollm", .smollm), ("starcoder", .smollm), ("refact", .smollm), ("command-r", .smollm),
        ("codeshell", .smollm), ("exaone", .smollm),
        ("llama-bpe", .llama3), ("llama3", .llama3), ("llama-v3", .llama3), ("falcon3", .llama3), ("pixtral", .llama3),
        ("qwen2", .qwen2), ("deepseek-r1-qwen", .qwen2), ("stablelm2", .qwen2),
    ]

    init(named name: String) throws {
        guard let known = Self.names.first(where: { $0.name == name }) else {
            throw TokenizerError(
                "tokenizer.ggml.pre",
                "'\(name)' is not a pre-tokeniser known here; known are \(Self.names.map(\.name).sorted().joined(separator: ", "))"
            )
        }
        self = known.scanner
    }

    /// Llama 3's tokenizer takes a word that is in the vocabulary whole, without merging up to it.
    var takesWholeWordsFirst: Bool { self == .llama3 }
    var normalizesToNFC: Bool { self == .qwen2 }

    /// Calls `word` for each word of `text` (valid UTF-8), in order and without gaps.
    func forEachWord(in text: UnsafeBufferPointer<UInt8>, _ word: (Range<Int>) -> Void) {
        let reader = ScalarReader(text: text)
        switch self {
        case .gpt2:
            reader.forEachGPT2Word(in: 0..<text.count, word)
        case .smollm:
            var start = 0
            var index = 0
            while index < text.count {
                let (kind, next) = reader.read(at: index)
                if kind == .number {
                    reader.forEachGPT2Word(in: start..<index, word)
                    word(index..<next)
                    start = next
                }
                index = next
            }
            reader.forEachGPT2Word(in: start..<index, word)
        case .llama3:
            reader.forEachLlama3Word(digitsMax: 3, word)
        case .qwen2:
            reader.forEachLlama3Word(digitsMax: 1, word)
        }
    }
}
