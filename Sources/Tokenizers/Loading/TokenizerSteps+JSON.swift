import Checkpoints
import LlamaStackAPI

extension TokenizerSteps {
    /// Recognises the steps of a `tokenizer.json`. Steps that are not known here are an error that quotes them: other
    /// tokens than the model was trained with would be a model that talks nonsense.
    init(_ json: TokenizerJSON) throws(TokenizerError) {
        takesWholeWordsFirst = json.model["ignore_merges"] == true
        let preTokenizers = Self.parts(json.preTokenizer, "pretokenizers")
        if preTokenizers.contains(where: { $0["type"] == "ByteLevel" }) {
            scanner = try Self.scanner(preTokenizers, shown: json.preTokenizer)
            try checkNormalizer(json.normalizer)
        } else {
            (spacePrefix, cutsBeforeEachSpace) = try Self.spaces(json)
        }
    }

    /// The steps of a sequence, or the one that there is.
    private static func parts(_ value: JSON, _ key: String) -> [JSON] {
        guard value["type"] == "Sequence" else { return value == .null ? [] : [value] }
        guard case .array(let parts) = value[key] else { return [] }
        return parts
    }

    // MARK: Byte-level

    private static let gpt2 =
        #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#
    private static let llama3 =
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    private static let qwen2 =
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#

    private static func scanner(_ steps: [JSON], shown: JSON) throws(TokenizerError) -> PreTokenizer {
        let last = steps.last
        let usesOwnPattern = last?["use_regex"] != false
        if last?["type"] == "ByteLevel", last?["add_prefix_space"] != true {
            switch (steps.count, usesOwnPattern) {
            case (1, true): return .gpt2
            case (2, true):
                if steps[0]["type"] == "Digits", steps[0]["individual_digits"] == true { return .smollm }
            case (2, false):
                if steps[0]["type"] == "Split", steps[0]["behavior"] == "Isolated", steps[0]["invert"] != true {
                    switch steps[0]["pattern"]?["Regex"]?.stringValue {
                    case gpt2: return .gpt2
                    case llama3: return .llama3
                    case qwen2: return .qwen2
                    case let pattern:
                        throw TokenizerError(
                            "pre_tokenizer",
                            "cuts words by the pattern \((pattern ?? "").quotedForMessage(charactersMax: 300)); known are those of GPT-2, Llama 3 and Qwen 2"
                        )
                    }
                }
            default: break
            }
        }
        throw Self.unknown("pre_tokenizer", shown, "known are those of GPT-2, SmolLM, Llama 3 and Qwen 2")
    }

    private func checkNormalizer(_ normalizer: JSON) throws(TokenizerError) {
        let steps = Self.parts(normalizer, "normalizers").map { $0["type"] }
        let wanted: [JSON?] = scanner?.normalizesToNFC == true ? ["NFC"] : []
        guard steps == wanted else {
            throw Self.unknown(
                "normalizer", normalizer, wanted.isEmpty ? "wanted none for this pre_tokenizer" : "wanted NFC")
        }
    }

    // MARK: SentencePiece

    private static let mark: JSON = "\u{2581}"

    private static func spaces(
        _ json: TokenizerJSON
    ) throws(TokenizerError) -> (SentencePieceBPE.SpacePrefix, cutsBeforeEachSpace: Bool) {
        // Old: the normaliser puts the mark in front, and in the place of each space.
        let steps = parts(json.normalizer, "normalizers")
        if json.preTokenizer == .null, let replace = steps.last, replace["type"] == "Replace",
            replace["pattern"]?["String"] == " ", replace["content"] == mark
        {
            if steps.count == 1 { return (.never, false) }
            if steps.count == 2, steps[0]["type"] == "Prepend", steps[0]["prepend"] == mark {
                return (.stretches(unlessSpaced: false), false)
            }
        }
        // New: one step does both.
        let metaspace = json.preTokenizer
        if steps.isEmpty, metaspace["type"] == "Metaspace", metaspace["replacement"] == mark {
            let cuts = metaspace["split"] != false
            switch metaspace["prepend_scheme"] ?? (metaspace["add_prefix_space"] == false ? "never" : "always") {
            case "never": return (.never, cuts)
            case "always": return (.stretches(unlessSpaced: true), cuts)
            case "first": return (.start, cuts)
            default: break
            }
        }
        throw unknown(
            "normalizer and pre_tokenizer", .array([json.normalizer, json.preTokenizer]),
            "known are byte-level ones and those of Llama 2 and Mistral")
    }

    private static func unknown(_ place: String, _ value: JSON, _ known: String) -> TokenizerError {
        TokenizerError(place, "is \(value.text.quotedForMessage(charactersMax: 300)); \(known)")
    }
}
