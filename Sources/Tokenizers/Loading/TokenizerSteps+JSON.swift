import Checkpoints
import LlamaStackAPI

extension TokenizerSteps {
    /// Recognises the steps of a `tokenizer.json`. Steps that are not known here are an error that quotes them: other
    /// tokens than the model was trained with would be a model that talks nonsense.
    init(_ json: TokenizerJSON) throws(TokenizerError) {
        takesWholeWordsFirst = json.model["ignore_merges"] == true
        if Self.parts(json.preTokenizer, "pretokenizers").contains(where: { $0["type"] == "ByteLevel" }) {
            var cut = PreTokenizer(try Self.splits(of: json.preTokenizer))
            cut.normalizesToNFC = try Self.normalizesToNFC(json.normalizer)
            scanner = cut
        } else {
            (spacePrefix, cutsBeforeEachSpace) = try Self.spaces(json)
            normalizesSpaces = Self.cutsNothing(json.preTokenizer)
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

    /// The patterns that no `WordPattern` spells.
    static let patterns: [String: WordSplit] = [
        gpt2: .gpt2,
        #"[\r\n]"#: .runs(.newlines, scalarsMax: 1),
        #"\p{N}"#: .digits,
        #"\p{N}+"#: .runs(ScalarSet(classes: .number), scalarsMax: .max),
        #"\p{N}{1,3}"#: .runs(ScalarSet(classes: .number), scalarsMax: 3),
        #"\s?\p{L}+"#: .ledRuns(ScalarSet(classes: .letter), lead: .whitespace),
        #"\s?\p{P}+"#: .ledRuns(ScalarSet(classes: .punctuation), lead: .whitespace),
        #"\s+$"#: .trailingWhitespace,
        #"(?=(\d{3})+(?!\d))"#: .thousands,
        #"[^\n]+|[\n]+"#: .runs(.lineFeeds, scalarsMax: .max),
        "\\s?[\(ScalarSet.deepSeekLetters.pattern)]+": .ledRuns(.deepSeekLetters, lead: .whitespace),
        "\\s?[!-/:-~\u{FF01}-\u{FF0F}\u{FF1A}-\u{FF5E}\u{2018}-\u{201F}\u{3000}-\u{3002}]+":
            .ledRuns(.deepSeekPunctuation, lead: .whitespace),
        #" ?[^(\s|[.,!?…。，、।۔،])]+"#: .ledRuns(.notBloomPunctuation, lead: .space),
        "[\u{4E00}-\u{9FA5}\u{800}-\u{4E00}\u{AC00}-\u{D7FF}]+": .runs(.deepSeekEastAsian, scalarsMax: .max),
        "[\u{4E00}-\u{9FA5}\u{3040}-\u{309F}\u{30A0}-\u{30FF}]+": .runs(.hanAndKana, scalarsMax: .max),
        ##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"##:
            .deepSeek3,
    ]

    private static let known =
        "known are those of GPT-2, GPT-4, GPT-4o, SmolLM, Llama 3, Qwen, Mistral (Tekken), DeepSeek and BLOOM"

    /// The steps of a `pre_tokenizer` that ends with ByteLevel.
    static func splits(of shown: JSON) throws(TokenizerError) -> [WordSplit] {
        let steps = parts(shown, "pretokenizers")
        guard let last = steps.last, last["type"] == "ByteLevel", last["add_prefix_space"] != true else {
            throw unknown("pre_tokenizer", shown, known)
        }
        var splits: [WordSplit] = []
        for step in steps.dropLast() {
            switch step["type"] {
            case "Digits":
                splits.append(
                    step["individual_digits"] == true
                        ? .digits : .runs(ScalarSet(classes: .number), scalarsMax: .max))
            case "Split": splits.append(try split(step))
            default: throw unknown("pre_tokenizer", shown, known)
            }
        }
        if last["use_regex"] != false { splits.append(.gpt2) }
        return splits
    }

    private static func split(_ step: JSON) throws(TokenizerError) -> WordSplit {
        guard let regex = step["pattern"]?["Regex"]?.stringValue else { throw unknown("pre_tokenizer", step, known) }
        // A line break may stand in the pattern as itself.
        let pattern = regex.unicodeScalars
            .map { $0 == "\r" ? #"\r"# : $0 == "\n" ? #"\n"# : String($0) }.joined()
        guard let split = patterns[pattern] ?? WordPattern(pattern: pattern).map(WordSplit.words) else {
            throw TokenizerError(
                "pre_tokenizer",
                "cuts words by the pattern \(pattern.quotedForMessage(charactersMax: 300)); \(known)")
        }
        // What lies between matches is dropped and the matches kept: all the same where these leave nothing out.
        let keepsMatches = step["behavior"] == "Removed" && step["invert"] == true && split.coversText
        guard keepsMatches || (step["behavior"] == "Isolated" && step["invert"] != true) else {
            throw unknown("pre_tokenizer", step, "wanted \"behavior\": \"Isolated\" and \"invert\": false")
        }
        return split
    }

    private static func normalizesToNFC(_ normalizer: JSON) throws(TokenizerError) -> Bool {
        switch parts(normalizer, "normalizers").map({ $0["type"] }) {
        case []: return false
        case ["NFC"]: return true
        default: throw unknown("normalizer", normalizer, "wanted none or NFC")
        }
    }

    // MARK: SentencePiece

    private static let mark: JSON = "\u{2581}"

    private static func spaces(
        _ json: TokenizerJSON
    ) throws(TokenizerError) -> (SentencePieceBPE.SpacePrefix, cutsBeforeEachSpace: Bool) {
        // Old: the normaliser puts the mark in front, and in the place of each space.
        let steps = parts(json.normalizer, "normalizers")
        if cutsNothing(json.preTokenizer), let replace = steps.last, replace["type"] == "Replace",
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
            "known are byte-level ones and those of Llama 2, Mistral and Gemma")
    }

    /// Gemma's cut after each space finds none: the normaliser has put the mark in the place of all.
    private static func cutsNothing(_ preTokenizer: JSON) -> Bool {
        preTokenizer == .null || preTokenizer["type"] == "Split" && preTokenizer["pattern"]?["String"] == " "
    }

    private static func unknown(_ place: String, _ value: JSON, _ known: String) -> TokenizerError {
        TokenizerError(place, "is \(value.text.quotedForMessage(charactersMax: 300)); \(known)")
    }
}
