/// The values of `tokenizer.ggml.pre`, and what each says beside how words are cut.
struct PreTokenizerName: Sendable {
    let names: [String]
    let preTokenizer: PreTokenizer
    /// A word that is in the vocabulary is taken whole, without merging up to it.
    var takesWholeWordsFirst = false
    /// A bare prompt begins with the begin-of-text token where the file does not say.
    var addsBOS = false

    static let all: [PreTokenizerName] = [
        PreTokenizerName(
            names: [
                "default", "gpt-2", "phi-2", "olmo", "mpt", "jais", "jina-es", "jina-de", "gigachat", "a.x-4.0",
                "mellum",
                "exaone4", "trillion", "granite-docling", "jina-v2-es", "jina-v2-de", "modern-bert",
            ], preTokenizer: .gpt2),
        PreTokenizerName(
            names: [
                "smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b", "mellum2",
            ], preTokenizer: .smollm),
        PreTokenizerName(
            names: [
                "llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2", "jina-v5-nano",
            ], preTokenizer: .llama3, takesWholeWordsFirst: true, addsBOS: true),
        PreTokenizerName(names: ["smaug-bpe", "dbrx", "glm4", "chatglm-bpe"], preTokenizer: .llama3),
        PreTokenizerName(names: ["qwen2", "deepseek-r1-qwen", "stablelm2", "megrez"], preTokenizer: .qwen2),
        PreTokenizerName(names: ["qwen35"], preTokenizer: .qwen35),
        PreTokenizerName(
            names: [
                "hunyuan", "solar-open", "grok-2", "kormo", "f2llmv2", "bailingmoe", "bailingmoe2", "llada-moe",
            ], preTokenizer: .singleDigits),
        PreTokenizerName(names: ["minicpm5"], preTokenizer: .miniCPM5, takesWholeWordsFirst: true),
        PreTokenizerName(names: ["superbpe"], preTokenizer: .superBPE),
        PreTokenizerName(names: ["laguna"], preTokenizer: .laguna),
        PreTokenizerName(names: ["seed-coder"], preTokenizer: .seedCoder),
        PreTokenizerName(
            names: ["ufakzeka"], preTokenizer: PreTokenizer(WordPattern(contractions: .none, digitsMax: 1))),
        PreTokenizerName(names: ["tekken"], preTokenizer: .tekken, takesWholeWordsFirst: true, addsBOS: true),
        PreTokenizerName(names: ["gpt-4o", "llama4", "kanana2", "talkie", "minimax-m2"], preTokenizer: .gpt4o),
        PreTokenizerName(names: ["bloom", "poro-chat", "gpt3-finnish"], preTokenizer: .bloom),
        PreTokenizerName(names: ["viking"], preTokenizer: .viking),
        PreTokenizerName(names: ["deepseek-llm"], preTokenizer: .deepSeekLLM),
        PreTokenizerName(names: ["deepseek-coder"], preTokenizer: .deepSeekCoder),
        PreTokenizerName(names: ["deepseek-v3", "hunyuan-dense", "joyai-llm", "hy_v4"], preTokenizer: .deepSeek3),
    ]

    static var allNames: [String] { all.flatMap(\.names) }

    static func find(_ name: String) throws(TokenizerError) -> PreTokenizerName {
        guard let known = all.first(where: { $0.names.contains(name) }) else {
            throw TokenizerError(
                "tokenizer.ggml.pre",
                "'\(name)' is not a pre-tokeniser known here; known are \(allNames.sorted().joined(separator: ", "))")
        }
        return known
    }
}

// MARK: Files that do not say it

extension PreTokenizerName {
    /// The vocabularies that are known by a token of theirs and by how many tokens there are. The first that fits
    /// counts.
    private static let guesses: [(name: String, token: String, tokens: ClosedRange<Int>)] = [
        ("llama4", "<|header_start|>", 200_000...210_000),
        ("llama-bpe", "<|begin_of_text|>", 128_000...140_000),
        // Distilled models keep the vocabulary of the model they began as, and have DeepSeek's marks in it.
        ("llama-bpe", "<｜begin▁of▁sentence｜>", 128_256...128_256),
        ("deepseek-r1-qwen", "<｜begin▁of▁sentence｜>", 151_600...152_100),
        ("deepseek-v3", "<｜begin▁of▁sentence｜>", 128_800...130_000),
        ("deepseek-llm", "<｜begin▁of▁sentence｜>", 100_000...103_000),
        ("deepseek-coder", "<｜begin▁of▁sentence｜>", 32_000...33_000),
        ("qwen35", "<|im_start|>", 248_000...249_000),
        ("qwen2", "<|im_start|>", 151_600...152_100),
        ("tekken", "[INST]", 131_000...150_000),
        ("smollm", "<repo_name>", 49_152...49_300),
        ("starcoder", "<fim_prefix>", 49_152...49_300),
        ("gpt-2", "<|endoftext|>", 50_257...50_400),
    ]

    /// Which vocabulary this is, and the token that shows it; nil: not a known one.
    static func guess(_ tokens: some ByteStrings) -> (name: PreTokenizerName, token: String)? {
        let possible = guesses.filter { $0.tokens.contains(tokens.count) }
        guard !possible.isEmpty else { return nil }
        var found: Set<String> = []
        for token in 0..<tokens.count {
            tokens.withBytes(token) { bytes in
                guard let first = bytes.first, first == UInt8(ascii: "<") || first == UInt8(ascii: "[") else { return }
                for guess in possible where bytes.elementsEqual(guess.token.utf8) { found.insert(guess.token) }
            }
        }
        guard let guess = possible.first(where: { found.contains($0.token) }),
            let name = try? find(guess.name)
        else { return nil }
        return (name, guess.token)
    }
}
