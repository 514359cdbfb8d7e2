import Foundation
import LlamaStackAPI
import ModelFixtures
import Testing

@testable import Checkpoints
@testable import Tokenizers

/// Against the `tokenizers` library on its own files (Scripts/reference/tokenizer_json.py).
@Suite("A tokenizer.json")
struct TokenizerJSONTests {
    static let names = [
        "gpt2", "gpt2-split", "smollm", "llama3", "qwen2", "llama2", "no-prefix", "gemma", "mistral", "metaspace",
    ]

    private static func tokenizer(
        _ name: String, settings: JSON = [:], tokenizer: JSON = [:], generation: JSON = [:]
    ) throws -> any Tokenizer {
        let path = Fixture.folder.appending(path: "json/\(name).tokenizer.json").path
        return try makeTokenizer(
            tokenizerJSON: .open(path: path),
            marks: HuggingFaceFolder.Marks(settings: settings, tokenizer: tokenizer, generation: generation))
    }

    @Test("gives a user's text the ids of the tokenizers library", arguments: names)
    func ids(name: String) throws {
        try expectIDs(Self.tokenizer(name), Fixture.read("json/\(name).json"))
    }

    @Test("gives a template's control tokens the ids of the tokenizers library", arguments: names)
    func templates(name: String) throws {
        let reference: Reference = try Fixture.read("json/\(name).json")
        let tokenizer = try Self.tokenizer(name)
        for template in reference.templates {
            #expect(tokenizer.encode(template.text, special: true) == template.ids, "\(template.text)")
        }
    }

    @Test(
        "added tokens that take in space, count only between words or in normalised text are found as the library does",
        arguments: [
            ("added", false), ("added-special", true), ("added-normalized", false), ("added-nfc", false),
            ("added-words-llama3", false), ("added-words-gemma", false), ("added-words-llama2", false),
            ("added-llama2", false), ("added-no-prefix", false), ("added-mistral", false), ("added-metaspace", false),
        ])
    func added(name: String, isSpecial: Bool) throws {
        let reference: Reference = try Fixture.read("json/\(name).json")
        let tokenizer = try Self.tokenizer(name)
        for template in reference.templates {
            #expect(
                tokenizer.encode(template.text, special: isSpecial) == template.ids, "\(template.text.debugDescription)"
            )
        }
    }

    @Test("text comes back from its ids", arguments: names)
    func roundTrip(name: String) throws {
        let tokenizer = try Self.tokenizer(name)
        for text in ["Hello, world", "two  spaces", "Grüße, 世界", "a\nb\tc", "\u{1f600}"] {
            #expect(tokenizer.decode(tokenizer.encode(text, special: false)) == text)
        }
    }

    @Test("the settings beside it say which tokens begin and end a text")
    func marks() throws {
        let tokenizer = try Self.tokenizer(
            "smollm", settings: ["eos_token_id": 0],
            tokenizer: ["bos_token": "<|im_start|>", "eos_token": ["content": "<|im_end|>"], "add_bos_token": false],
            generation: ["eos_token_id": [2, 5]])
        #expect(tokenizer.bos == 1 && tokenizer.eos == 2 && !tokenizer.addsBOS && !tokenizer.addsEOS)
        #expect(tokenizer.endOfTurnTokens == [0, 2, 5])
    }

    @Test("without settings the post-processor says whether a text begins with the begin-of-text token")
    func postProcessor() throws {
        #expect(try Self.tokenizer("llama3", tokenizer: ["bos_token": "<|im_start|>"]).addsBOS)
        #expect(try Self.tokenizer("llama2", tokenizer: ["bos_token": "<s>"]).addsBOS)
        #expect(try !Self.tokenizer("llama3", tokenizer: ["bos_token": "<|im_end|>"]).addsBOS)
    }

    @Test("special tokens are control tokens, other added ones are text")
    func kinds() throws {
        let tokenizer = try Self.tokenizer("qwen2")
        #expect(tokenizer.token(named: "<|im_end|>").map(tokenizer.isControl) == true)
        #expect(tokenizer.token(named: "<tool>").map(tokenizer.isControl) == false)
    }
}

@Suite("A tokenizer.json that is not served")
struct TokenizerJSONRefusalTests {
    private func refusal(_ text: String) -> String {
        do {
            _ = try makeTokenizer(
                tokenizerJSON: guardedFile(Array(text.utf8)),
                marks: HuggingFaceFolder.Marks(settings: [:], tokenizer: [:], generation: [:]))
            return "made"
        } catch { return "\(error)" }
    }

    private func changed(_ name: String, _ text: String, _ other: String) throws -> String {
        let path = Fixture.folder.appending(path: "json/\(name).tokenizer.json")
        let whole = try String(contentsOf: path, encoding: .utf8)
        let isThere = whole.contains(text)
        try #require(isThere)
        return refusal(whole.replacingOccurrences(of: text, with: other))
    }

    @Test("a pattern that is not known is quoted")
    func pattern() throws {
        #expect(
            try changed("llama3", #"\\p{N}{1,3}"#, #"\\p{N}{1,4}"#)
                == #"sample.gguf: pre_tokenizer: cuts words by the pattern '(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,4}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+'; known are those of GPT-2, GPT-4, GPT-4o, SmolLM, Llama 3, Qwen, Mistral (Tekken), DeepSeek and BLOOM"#
        )
    }

    @Test("steps that are not known are quoted")
    func steps() throws {
        #expect(
            try changed("smollm", #""type": "Digits""#, #""type": "Whitespace""#).hasPrefix(
                #"sample.gguf: pre_tokenizer: is '{"type":"Sequence","pretokenizers":[{"type":"Whitespace""#))
        #expect(try changed("qwen2", #""type": "NFC""#, #""type": "NFKC""#).contains("normalizer: is "))
        #expect(try changed("mistral", #""first""#, #""second""#).contains("known are byte-level ones"))
    }

    @Test(
        "another model, an id twice and a merge without its token are refused",
        arguments: [
            ("gpt2", #""type": "BPE""#, #""type": "WordPiece""#, "model.type: is 'WordPiece'; served is BPE"),
            ("gpt2", #""a": 67"#, #""a": 68"#, "found the id 68 again"),
            ("gpt2", #""a": 67"#, #""a": 99999999"#, "found 99999999, wanted an integer from 0 to"),
            ("gpt2", #""i n""#, #""i nn""#, "needs the token 'nn', which is not in model.vocab"),
            ("smollm", #""id": 640"#, #""id": 600"#, "has '<tool>' as number 600, which is "),
        ])
    func others(_ name: String, _ text: String, _ other: String, _ wanted: String) throws {
        let message = try changed(name, text, other)
        #expect(message.contains(wanted))
    }

    @Test("any change of one byte, and every truncation, is refused or does no harm")
    func mutations() throws {
        // A small one of the same shape, so that all of it can be tried.
        let text = #"""
            {"version": "1.0", "added_tokens": [{"id": 258, "content": "<|e|>", "special": true}], "normalizer": null,
            "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false}, "post_processor": {"type": "Sequence",
            "processors": [{"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<|e|>"}}]}]},
            "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2, "\u0120": 3, "\u0120ab": 4},
            "merges": [["a", "b"], ["\u0120", "ab"]]}}
            """#
        let bytes = Array(text.utf8)
        #expect(refusal(text) == "made")
        var refused = 0
        for at in bytes.indices {
            for value in Array("\"\\{}[]:,-09. \0\u{e9}".utf8) + [bytes[at] ^ 1, bytes[at] ^ 32] {
                var changed = bytes
                changed[at] = value
                if exercise(changed) { refused += 1 }
            }
            #expect(exercise(Array(bytes[..<at])), "cut at \(at)")
        }
        #expect(refused > 3000)
    }

    /// True when refused.
    private func exercise(_ bytes: [UInt8]) -> Bool {
        guard
            let tokenizer = try? makeTokenizer(
                tokenizerJSON: guardedFile(bytes),
                marks: HuggingFaceFolder.Marks(settings: [:], tokenizer: ["eos_token": "<|e|>"], generation: [:]))
        else { return true }
        _ = tokenizer.decode(tokenizer.encode("ab ab<|e|>\u{e9}", special: true), showingControl: true)
        return false
    }
}
