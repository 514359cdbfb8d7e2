import Checkpoints
import LlamaStackAPI

extension GGUFFile {
    /// The contents of a `tokenizer.json` (the `tokenizers` library's format) for the file's byte-level BPE vocabulary.
    /// - Throws: `CheckpointError` where a key is missing or of another kind, `TokenizerError` for a vocabulary or a
    ///   way of cutting words that this form has no words for.
    package func tokenizerJSON() throws -> [UInt8] {
        func key(_ name: String) -> String { "tokenizer.ggml.\(name)" }
        func refuse(_ name: String, _ problem: String) -> TokenizerError {
            TokenizerError("\(path): \(key(name))", problem)
        }
        let model = try requiredString(key("model"))
        guard model == "gpt2" else {
            throw refuse("model", "is '\(model)'; a tokenizer.json is written for 'gpt2' (byte-level BPE) alone")
        }
        let (tokens, merges) = (try requiredStrings(key("tokens")), try requiredStrings(key("merges")))
        let kinds = try ints(key("token_type")) ?? []
        let cut = try preTokenizerName(tokens)
        guard let steps = cut.preTokenizer.stepsJSON else {
            throw refuse(
                "pre", "is '\(cut.names.first ?? "")'; a tokenizer.json is not written for its way of cutting words")
        }
        func text(_ token: Int) -> String { String(decoding: tokens[token], as: UTF8.self) }
        var vocabulary = JSONObject()
        var added: [JSON] = []
        for token in 0..<tokens.count {
            vocabulary.append(text(token), .integer(Int64(token)))
            let kind = kinds.indices.contains(token) ? kinds[token] : 1
            guard kind == 3 || kind == 4 else { continue }
            added.append([
                "id": .integer(Int64(token)), "content": .string(text(token)), "single_word": false, "lstrip": false,
                "rstrip": false, "normalized": false, "special": .bool(kind == 3),
            ])
        }
        let addsBOS = try bool(key("add_bos_token")) ?? cut.addsBOS
        let bos = try addsBOS ? int(key("bos_token_id")) : nil
        let json: JSON = [
            "version": "1.0", "truncation": .null, "padding": .null, "added_tokens": .array(added),
            "normalizer": cut.preTokenizer.normalizesToNFC ? ["type": "NFC"] : .null, "pre_tokenizer": steps,
            "post_processor": bos.flatMap { $0 < tokens.count ? processor(beginning: text($0), id: $0) : nil } ?? .null,
            "decoder": ["type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true],
            "model": [
                "type": "BPE", "dropout": .null, "unk_token": .null, "continuing_subword_prefix": .null,
                "end_of_word_suffix": .null, "fuse_unk": false, "byte_fallback": false,
                "ignore_merges": .bool(cut.takesWholeWordsFirst), "vocab": .object(vocabulary),
                "merges": .array(
                    (0..<merges.count).map { .string(String(decoding: merges[$0], as: UTF8.self)) }),
            ],
        ]
        return json.bytes
    }

    private func preTokenizerName(_ tokens: GGUFStrings) throws -> PreTokenizerName {
        if let pre = try string("tokenizer.ggml.pre"), !pre.isEmpty, pre != "default" {
            return try PreTokenizerName.find(pre)
        }
        return try PreTokenizerName.guess(tokens)?.name ?? PreTokenizerName.find("gpt-2")
    }

    private func processor(beginning token: String, id: Int) -> JSON {
        func special(_ type: Int64) -> JSON { ["SpecialToken": ["id": .string(token), "type_id": .integer(type)]] }
        func text(_ name: String, _ type: Int64) -> JSON {
            ["Sequence": ["id": .string(name), "type_id": .integer(type)]]
        }
        return [
            "type": "TemplateProcessing", "single": [special(0), text("A", 0)],
            "pair": [special(0), text("A", 0), special(1), text("B", 1)],
            "special_tokens": .object([
                token: ["id": .string(token), "ids": [.integer(Int64(id))], "tokens": [.string(token)]]
            ]),
        ]
    }
}

extension PreTokenizer {
    /// The steps as a `pre_tokenizer`; nil where one of them is none that is written.
    var stepsJSON: JSON? {
        let endsWithGPT2 = splits.last == .gpt2
        var steps: [JSON] = []
        for split in endsWithGPT2 ? splits.dropLast() : splits[...] {
            if split == .digits {
                steps.append(["type": "Digits", "individual_digits": true])
                continue
            }
            guard let pattern = split.pattern else { return nil }
            steps.append([
                "type": "Split", "pattern": ["Regex": .string(pattern)], "behavior": "Isolated", "invert": false,
            ])
        }
        let last: JSON = [
            "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": .bool(endsWithGPT2),
        ]
        return steps.isEmpty ? last : ["type": "Sequence", "pretokenizers": .array(steps + [last])]
    }
}

extension WordSplit {
    /// As files spell it.
    fileprivate var pattern: String? {
        if case .words(let pattern) = self { return pattern.pattern }
        return TokenizerSteps.patterns.filter { $0.value == self }.keys.min()
    }
}

extension WordPattern {
    /// The regular expression, which `init(pattern:)` reads.
    var pattern: String {
        let contraction = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
        let lead = #"[^\r\n\p{L}\p{N}]?"#
        let tail = contractions == .afterWords ? contraction + "?" : ""
        let (upper, lower) = (#"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"#, #"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"#)
        let word =
            switch words {
            case .letters: lead + #"\p{L}+"#
            case .lettersAndMarks: lead + #"[\p{L}\p{M}]+"#
            case .cased: "\(lead)\(upper)*\(lower)+\(tail)|\(lead)\(upper)+\(lower)*\(tail)"
            }
        let number = digitsMax == 1 ? #"\p{N}"# : digitsMax == .max ? #"\p{N}+"# : "\\p{N}{1,\(digitsMax)}"
        let symbols = words == .lettersAndMarks ? #"[^\s\p{L}\p{M}\p{N}]+"# : #"[^\s\p{L}\p{N}]+"#
        let end =
            switch symbolsEnd {
            case .nothing: ""
            case .newlines: #"[\r\n]*"#
            case .newlinesAndSlashes: #"[\r\n/]*"#
            }
        return (contractions == .alone ? [contraction] : []).joined() + (contractions == .alone ? "|" : "")
            + "\(word)|\(number)| ?\(symbols)\(end)|" + #"\s*[\r\n]+|\s+(?!\S)|\s+"#
    }
}
