import ArgumentParser
import Checkpoints
import CommandSupport
import Foundation
import Grammars
import JSONSchema
import LlamaStackAPI
import Tokenizers

struct BenchGrammar: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "grammar",
        abstract: "How long masks take that hold an answer to a JSON Schema.",
        discussion: """
            Reads lines of {"schema": …, "text": "…"}: each schema is compiled, and the mask is made before each token \
            of the text. Prints a line for each with the processor's time in microseconds, and a digest of every \
            mask, to compare with another's.

              llama-stack-bench grammar models/some.gguf schemas.jsonl
            """)

    @Argument(help: "A checkpoint, for its tokens alone.") var model: String
    @Argument(help: "A file of schemas and texts.") var file: String
    @Flag(help: "Print whole masks, in hexadecimal.") var masks = false

    func run() async throws {
        let tokenizer = try ModelCheckpoint.open(path: model).makeTokenizer()
        let start = GrammarBudget.threadTime
        let trie = TokenTrie(vocabulary: tokenizer.vocabularySize) {
            tokenizer.appendBytes(of: $0, showingControl: false, to: &$1)
        }
        let built = GrammarBudget.threadTime
        let vocabulary = GrammarVocabulary(trie: trie)
        vocabulary.prepare()
        Output.json([
            "trie_us": Self.microseconds(built - start),
            "prepare_us": Self.microseconds(GrammarBudget.threadTime - built),
        ])
        for line in try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n") {
            let row = try JSON(parsing: String(line))
            guard let schema = row["schema"], let text = row["text"]?.stringValue else {
                throw ValidationError("\(file): each line must have a schema and a text")
            }
            Output.json(.object(measure(schema, tokenizer.encode(text, special: false), vocabulary)))
        }
    }

    private func measure(_ schema: JSON, _ tokens: [Int32], _ vocabulary: GrammarVocabulary) -> JSONObject {
        let start = GrammarBudget.threadTime
        let grammar: Grammar
        do { grammar = try Grammar(.now(.value(ValueSchema(parsing: schema), .spaced))) } catch {
            return [
                "error": .string("\(error)"), "compile_us": Self.microseconds(GrammarBudget.threadTime - start),
            ]
        }
        var state = GrammarState(grammar, vocabulary)
        let compiled = GrammarBudget.threadTime - start
        var mask = TokenMask(vocabulary: vocabulary.vocabulary)
        var times: [JSON] = []
        var digests: [JSON] = []
        var advancing = Duration.zero
        for token in tokens {
            let before = GrammarBudget.threadTime
            state.allowed(&mask)
            let after = GrammarBudget.threadTime
            times.append(Self.microseconds(after - before))
            digests.append(.string(masks ? Self.hexadecimal(mask) : Self.digest(mask)))
            let isTaken = state.advance(token)
            advancing += GrammarBudget.threadTime - after
            guard isTaken else { break }
        }
        return [
            "tokens": .array(tokens.map { .integer(Int64($0)) }), "compile_us": Self.microseconds(compiled),
            "mask_us": .array(times), "digests": .array(digests),
            "advance_us": Self.microseconds(advancing), "is_final": .bool(state.isFinal),
        ]
    }

    private static func microseconds(_ duration: Duration) -> JSON {
        .number((duration / .nanoseconds(1)).rounded() / 1000)
    }

    /// Bytes of the mask, that of the first eight tokens first.
    private static func hexadecimal(_ mask: TokenMask) -> String {
        mask.words.map { word in
            let digits = String(word.byteSwapped, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }

    /// The number of tokens, and FNV-1a of the words of the mask.
    private static func digest(_ mask: TokenMask) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for word in mask.words {
            for shift in stride(from: UInt64(0), to: 64, by: 8) {
                hash = (hash ^ (word >> shift & 0xFF)) &* 0x100_0000_01B3
            }
        }
        return "\(mask.count):\(String(hash, radix: 16))"
    }
}
