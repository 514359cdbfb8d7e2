import Foundation

/// A real GGUF file of one layer whose model says a script: the token after `script[i]` is `script[i + 1]`, and after
/// anything else `script[0]`. Attention and feed-forward are zero, the embedding is the identity, and the head holds
/// the script's successions, so the answer is known without a reference.
///
/// Its vocabulary has a token for each byte, ChatML's control tokens, and one for each piece of the script that is
/// neither. No merges: a prompt has a token for each byte and control token. No piece may come twice.
struct ScriptedModel {
    /// What a reply is made of, each piece one token.
    enum Piece {
        case text(String)
        /// Part of a character, or what is none.
        case bytes([UInt8])
        /// A control token of this spelling, made when the vocabulary has none yet.
        case control(String)
    }

    enum End {
        /// The reply ends with `<|im_end|>`.
        case endOfTurn
        /// The reply starts again, for ever.
        case never
    }

    var script: [Piece]
    var end = End.endOfTurn
    var contextTokens = 256
    /// How sure the model is: at 1 nearly certain, at 0 all tokens are equally likely.
    var certainty: Float = 1
    var template: String? = Self.chatML
    var architecture = "llama"
    /// The control token by which a vocabulary without a template shows that its turns are ChatML's.
    var startOfTurn = "<|im_start|>"
    /// The vocabulary is one of SentencePiece, whose texts begin with a space, and not of byte-level BPE.
    var isSentencePiece = false
    /// The number of the vocabulary's last tokens that have no row in the embedding.
    var rowsMissing = 0

    static let hidden = 384
    static let chatML = """
        {% for message in messages %}<|im_start|>{{ message['role'] }}
        {{ message['content'] }}<|im_end|>
        {% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
        {% endif %}
        """

    /// A model that says these words, each a token.
    static func saying(_ words: String..., end: End = .endOfTurn, contextTokens: Int = 256) -> ScriptedModel {
        ScriptedModel(script: words.map { .text($0) }, end: end, contextTokens: contextTokens)
    }

    /// Writes the file into a folder for temporary files.
    func write() throws -> URL {
        let file = FileManager.default.temporaryDirectory.appending(path: "scripted-\(UUID().uuidString).gguf")
        try Data(encoded()).write(to: file)
        return file
    }

    private static let endOfTurn = 257

    private func encoded() -> [UInt8] {
        var spellings = (UInt8.min...UInt8.max).map { isSentencePiece ? Self.byteToken($0) : Self.spelling([$0]) }
        var types = [Int32](repeating: isSentencePiece ? 6 : 1, count: 256) + [3, 3]
        spellings += [startOfTurn, "<|im_end|>"]
        let tokens = script.map { piece in
            let (spelling, type) = entry(piece)
            if let known = spellings.firstIndex(of: spelling) { return known }
            spellings.append(spelling)
            types.append(type)
            return spellings.count - 1
        }
        precondition(spellings.count <= Self.hidden, "the script is too long for the embedding")
        var file = GGUFText()
        file.add("general.architecture", architecture)
        file.add("general.name", "scripted")
        for (key, value) in [
            ("block_count", 1), ("embedding_length", Self.hidden), ("feed_forward_length", 32),
            ("context_length", contextTokens),
            ("attention.head_count", 1), ("attention.key_length", 32), ("attention.value_length", 32),
        ] { file.add("\(architecture).\(key)", UInt32(value)) }
        file.add("\(architecture).attention.layer_norm_rms_epsilon", Float(1e-6))
        file.add("tokenizer.ggml.model", isSentencePiece ? "llama" : "gpt2")
        file.add("tokenizer.ggml.tokens", spellings)
        file.add("tokenizer.ggml.token_type", types)
        if isSentencePiece {
            file.add("tokenizer.ggml.scores", [Float](repeating: 0, count: spellings.count))
            file.add("tokenizer.ggml.add_bos_token", false)
        } else {
            file.add("tokenizer.ggml.pre", "smollm")
            file.add("tokenizer.ggml.merges", [String]())
        }
        file.add("tokenizer.ggml.bos_token_id", UInt32(256))
        file.add("tokenizer.ggml.eos_token_id", UInt32(Self.endOfTurn))
        if let template { file.add("tokenizer.chat_template", template) }
        addTensors(to: &file, tokens, vocabulary: spellings.count - rowsMissing)
        return file.encoded()
    }

    private func addTensors(to file: inout GGUFText, _ tokens: [Int], vocabulary: Int) {
        let hidden = Self.hidden
        var embedding = [Float](repeating: 0, count: vocabulary * hidden)
        var head = embedding
        for token in 0..<vocabulary {
            embedding[token * hidden + token] = 1
            let next = successor(of: token, tokens)
            if next < vocabulary { head[next * hidden + token] = certainty }
        }
        func zeros(_ name: String, _ inputs: Int, _ outputs: Int) {
            file.addTensor("blk.0.\(name).weight", [inputs, outputs], [Float](repeating: 0, count: inputs * outputs))
        }
        let ones = [Float](repeating: 1, count: hidden)
        file.addTensor("token_embd.weight", [hidden, vocabulary], embedding)
        file.addTensor("blk.0.attn_norm.weight", [hidden], ones)
        for name in ["attn_q", "attn_k", "attn_v"] { zeros(name, hidden, 32) }
        zeros("attn_output", 32, hidden)
        file.addTensor("blk.0.ffn_norm.weight", [hidden], ones)
        for name in ["ffn_gate", "ffn_up"] { zeros(name, hidden, 32) }
        zeros("ffn_down", 32, hidden)
        file.addTensor("output_norm.weight", [hidden], ones)
        file.addTensor("output.weight", [hidden, vocabulary], head)
    }

    private func successor(of token: Int, _ tokens: [Int]) -> Int {
        guard let first = tokens.first else { return Self.endOfTurn }
        guard let place = tokens.firstIndex(of: token) else { return first }
        if place + 1 < tokens.count { return tokens[place + 1] }
        return end == .never ? first : Self.endOfTurn
    }

    /// Spelling and token type in the vocabulary.
    private func entry(_ piece: Piece) -> (String, Int32) {
        switch piece {
        case .text(let text) where isSentencePiece: (text.replacing(" ", with: "\u{2581}"), 1)
        case .text(let text): (Self.spelling(Array(text.utf8)), 1)
        case .bytes(let bytes): (Self.spelling(bytes), 1)
        case .control(let text): (text, 3)
        }
    }

    /// 10 → `<0x0A>`
    private static func byteToken(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16, uppercase: true)
        return "<0x\(digits.count == 1 ? "0" : "")\(digits)>"
    }

    /// Bytes as GPT-2's vocabularies spell them: each a printable character.
    private static func spelling(_ bytes: [UInt8]) -> String {
        func isPrintable(_ byte: UInt8) -> Bool {
            (33...126).contains(byte) || (161...172).contains(byte) || byte >= 174
        }
        let others = (UInt8.min...UInt8.max).filter { !isPrintable($0) }
        return String(
            String.UnicodeScalarView(
                bytes.map { byte in
                    guard !isPrintable(byte), let place = others.firstIndex(of: byte) else {
                        return Unicode.Scalar(byte)
                    }
                    return Unicode.Scalar(UInt16(256 + place)) ?? " "
                }))
    }
}

/// Writes the few parts of GGUF (version 3) that a scripted model needs.
struct GGUFText {
    private var keys: [UInt8] = []
    private var keyCount: UInt64 = 0
    private var infos: [UInt8] = []
    private var tensorCount: UInt64 = 0
    private var data: [UInt8] = []

    mutating func add(_ key: String, _ value: String) { add(key, 8, Self.string(value)) }
    mutating func add(_ key: String, _ value: UInt32) { add(key, 4, Self.little(value)) }
    mutating func add(_ key: String, _ value: Float) { add(key, 6, Self.little(value.bitPattern)) }
    mutating func add(_ key: String, _ value: Bool) { add(key, 7, [value ? 1 : 0]) }
    mutating func add(_ key: String, _ values: [String]) { addArray(key, 8, values.count, values.flatMap(Self.string)) }
    mutating func add(_ key: String, _ values: [Float]) {
        addArray(key, 6, values.count, values.flatMap { Self.little($0.bitPattern) })
    }
    mutating func add(_ key: String, _ values: [Int32]) { addArray(key, 5, values.count, values.flatMap(Self.little)) }

    /// `dimensions`: innermost first.
    mutating func addTensor(_ name: String, _ dimensions: [Int], _ values: [Float]) {
        infos +=
            Self.string(name) + Self.little(UInt32(dimensions.count)) + dimensions.flatMap { Self.little(UInt64($0)) }
        infos += Self.little(UInt32(0)) + Self.little(UInt64(data.count))
        tensorCount += 1
        values.withUnsafeBytes { data += $0 }
        Self.pad(&data)
    }

    func encoded() -> [UInt8] {
        var bytes = Array("GGUF".utf8) + Self.little(UInt32(3)) + Self.little(tensorCount) + Self.little(keyCount)
        bytes += keys + infos
        Self.pad(&bytes)
        return bytes + data
    }

    private mutating func addArray(_ key: String, _ type: UInt32, _ count: Int, _ items: [UInt8]) {
        add(key, 9, Self.little(type) + Self.little(UInt64(count)) + items)
    }

    private mutating func add(_ key: String, _ type: UInt32, _ value: [UInt8]) {
        keys += Self.string(key) + Self.little(type) + value
        keyCount += 1
    }

    private static func pad(_ bytes: inout [UInt8]) {
        bytes += [UInt8](repeating: 0, count: (32 - bytes.count % 32) % 32)
    }

    private static func string(_ text: String) -> [UInt8] { little(UInt64(text.utf8.count)) + Array(text.utf8) }

    private static func little<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }
}
