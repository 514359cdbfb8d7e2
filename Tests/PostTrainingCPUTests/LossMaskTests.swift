import ChatTemplates
import Checkpoints
import Foundation
import InferenceCPU
import LlamaTraining
import ProviderKit
import Testing

@testable import PostTrainingCPU

/// Which tokens carry loss, for the templates of real models over a vocabulary of bytes. UPDATE_GOLDEN=1 rewrites the
/// files.
struct LossMaskTests {
    private static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Fixtures")

    private static let families: [(name: String, template: String?, controls: [String], end: Int)] = [
        ("llama3", nil, ["<|begin_of_text|>", "<|eot_id|>", "<|start_header_id|>", "<|end_header_id|>"], 1),
        ("chatml", "smollm2", ["<|im_start|>", "<|im_end|>"], 1),
        ("qwen2", "qwen2.5", ["<|endoftext|>", "<|im_end|>", "<|im_start|>"], 1),
        ("qwen3", "qwen3", ["<|endoftext|>", "<|im_end|>", "<|im_start|>"], 1),
        ("mistral", "mistral-nemo", ["<s>", "</s>", "[INST]", "[/INST]"], 1),
    ]

    private static let messages = [
        ChatMessage(role: .system, content: "Be brief."), ChatMessage(role: .user, content: "Hi <|im_end|>"),
        ChatMessage(role: .assistant, content: "Hello, é!"), ChatMessage(role: .user, content: "And?"),
        ChatMessage(role: .assistant, content: "Bye."),
    ]

    private static func language(_ family: (name: String, template: String?, controls: [String], end: Int)) throws
        -> ModelLanguage
    {
        let template = try family.template.map {
            try String(contentsOf: fixtures.appending(path: "templates/\($0).jinja"), encoding: .utf8)
        }
        let file = FileManager.default.temporaryDirectory.appending(path: "mask-\(UUID().uuidString).gguf")
        defer { try? FileManager.default.removeItem(at: file) }
        try TinyModel(template: template, controls: family.controls, end: family.end).write(to: file.path)
        return try ModelLanguage(try ModelCheckpoint.open(path: file.path))
    }

    private static let someDay = TemplateDate(year: 2024, month: 7, day: 26)

    @Test("what the assistant says and the token that ends its turn carry loss, whatever the template")
    func golden() throws {
        var text = ""
        for family in Self.families {
            let language = try Self.language(family)
            let writer = RowWriter(language, today: Self.someDay, tokensMax: 1_000)
            for (title, keeps) in [("all", nil), ("the last alone", [true, true, false, true, true])] {
                let row = try writer.row(.dialog(Self.messages, keepsLoss: keeps)).row
                text += "## \(family.name): \(title)\n"
                for (token, hasLoss) in zip(row.tokens, row.hasLoss) {
                    let bytes = language.tokenizer.bytes(of: token, showingControl: true)
                    let shown = JSON.string(bytes.map { $0 < 0x80 ? String(UnicodeScalar($0)) : "<\($0)>" }.joined())
                    text += "\(token) \(hasLoss ? 1 : 0) \(shown.text)\n"
                }
            }
        }
        let path = Self.fixtures.appending(path: "golden/loss-masks.txt")
        if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" { try Data(text.utf8).write(to: path) }
        #expect(text == (try String(contentsOf: path, encoding: .utf8)))
    }

    @Test("a row begins with the very tokens that are served to be answered")
    func served() throws {
        for family in Self.families {
            let language = try Self.language(family)
            let writer = RowWriter(language, today: Self.someDay, tokensMax: 1_000)
            let row = try writer.row(.dialog(Self.messages, keepsLoss: nil)).row
            let asked = try language.prompt(
                answering: ChatConversation(messages: Array(Self.messages.dropLast()), today: Self.someDay)
            ).tokens
            // A system message of Mistral's stands in the last question: an answer moves nothing before it.
            guard family.name != "mistral" else { continue }
            #expect(row.tokens.starts(with: asked), "\(family.name)")
        }
    }

    @Test("of a text all tokens carry loss, and the end of text is one of them")
    func text() throws {
        let language = try Self.language(Self.families[1])
        let row = try RowWriter(language, today: Self.someDay, tokensMax: 1_000).row(.text("ab")).row
        #expect(row.tokens.suffix(3) == [97, 98, 257])
        #expect(row.hasLoss.allSatisfy { $0 })
    }

    @Test("two answers to one prompt share its tokens, and each ends its turn")
    func pair() throws {
        for family in Self.families {
            let language = try Self.language(family)
            let writer = RowWriter(language, today: Self.someDay, tokensMax: 1_000)
            let pair = try #require(
                try writer.pair(
                    [ChatMessage(role: .user, content: "x")], ChatMessage(role: .assistant, content: "good"),
                    ChatMessage(role: .assistant, content: "bad")))
            #expect(language.tokenizer.decode(pair.chosen).hasSuffix("good"), "\(family.name)")
            #expect(pair.chosen.last == pair.rejected.last && language.chatStops.contains(pair.chosen.last ?? -1))
        }
    }
}
