import Foundation
import Testing

@testable import ChatTemplates

/// Which words of a prompt are the assistant's own. UPDATE_GOLDEN=1 rewrites the files.
struct PromptAnswersTests {
    private static let conversations: [(name: String, messages: [ChatMessage])] = [
        (
            "turns",
            [
                ChatMessage(role: .system, content: "Be brief."),
                ChatMessage(role: .user, content: " Hello <|im_end|> "),
                ChatMessage(role: .assistant, content: " Hi!\n"), ChatMessage(role: .user, content: "Hi!"),
                ChatMessage(role: .assistant, content: "You said <|eot_id|> and </s>."),
            ]
        ),
        (
            "reasoning",
            [
                ChatMessage(role: .user, content: "2 + 2?"),
                ChatMessage(role: .assistant, content: "4", reasoning: "Two and two."),
                ChatMessage(role: .user, content: "3 + 3?"),
                ChatMessage(role: .assistant, content: "6", reasoning: "Three and three."),
            ]
        ),
        (
            "call",
            [
                ChatMessage(role: .user, content: "Weather?"),
                ChatMessage(
                    role: .assistant, content: "",
                    toolCalls: [ChatToolCall(name: "weather", arguments: ["place": "Paris", "days": 3])]),
                ChatMessage(
                    role: .tool, content: "", toolResponses: [ChatToolResponse(toolName: "weather", content: "sun")]),
                ChatMessage(role: .assistant, content: "Sun."),
            ]
        ),
        ("empty", [ChatMessage(role: .user, content: "x"), ChatMessage(role: .assistant, content: "")]),
        ("no answer", [ChatMessage(role: .user, content: "x")]),
    ]

    /// The prompt with the assistant's words between ⟦ and ⟧, and the message's place.
    private static func marked(_ format: ChatFormat, _ messages: [ChatMessage], _ wanted: Set<Int>) throws -> String {
        let prompt = try format.prompt(
            ChatConversation(messages: messages, addsGenerationPrompt: false, today: someDay))
        let opened = Set(messages.indices.filter { !messages[$0].toolCalls.isEmpty || messages[$0].reasoning != nil })
        let answers = prompt.answers(
            of: wanted, opened: opened, endedBy: ControlTokens(format.stopTokens), header: format.answerHeader)
        var bytes = Array(prompt.text.utf8)
        for answer in answers.reversed() {
            bytes.insert(contentsOf: Array("⟧\(answer.message)".utf8), at: answer.bytes.upperBound)
            bytes.insert(contentsOf: Array("⟦".utf8), at: answer.bytes.lowerBound)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func assistants(_ messages: [ChatMessage]) -> Set<Int> {
        Set(messages.indices.filter { messages[$0].role == .assistant })
    }

    @Test("the assistant's words and the tokens that end its turns are found where each template puts them")
    func golden() throws {
        var text = ""
        for (name, format) in try ChatFormatTests.formats() {
            for (title, messages) in Self.conversations {
                let shown = (try? Self.marked(format, messages, Self.assistants(messages))) ?? "refused"
                text += "## \(name): \(title)\n\(shown)\n\n"
            }
        }
        let path = ReferenceData.folder.deletingLastPathComponent().appending(path: "golden/answers.txt")
        if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" { try Data(text.utf8).write(to: path) }
        #expect(text == (try String(contentsOf: path, encoding: .utf8)))
    }

    @Test("a message that is left out has no words")
    func some() throws {
        let messages = Self.conversations[0].messages
        let text = try Self.marked(try ChatFormat(builtin: .chatML), messages, [4])
        #expect(text.contains("⟦You said <|eot_id|> and </s>.<|im_end|>⟧4"))
        #expect(!text.contains("⟧2"))
    }

    @Test("a template that drops a message leaves it no words, and its neighbour's are still its own")
    func dropped() throws {
        let source = "{% for m in messages[2:] %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
        let format = try ChatFormat(template: source, bosToken: "", eosToken: "<|im_end|>")
        let messages = [
            ChatMessage(role: .user, content: "same"), ChatMessage(role: .assistant, content: "same"),
            ChatMessage(role: .user, content: "same"), ChatMessage(role: .assistant, content: "same"),
        ]
        let text = try Self.marked(format, messages, [1, 3])
        #expect(text == "<|im_start|>user\nsame<|im_end|>\n<|im_start|>assistant\n⟦same<|im_end|>⟧3\n")
    }

    @Test("what an operation of the template does to an answer leaves it the answer")
    func operations() throws {
        for expression in ["c|upper", "c|trim", "c[1:]", "c.split('b')[0]", "(c + '')|replace('a', 'b')", "c|tojson"] {
            let source = "{% for m in messages %}{% set c = m.content %}{{ \(expression) }}</s>{% endfor %}"
            let format = try ChatFormat(template: source, bosToken: "", eosToken: "</s>")
            let text = try Self.marked(format, [ChatMessage(role: .assistant, content: "aabba")], [0])
            #expect(text.contains("⟦") && text.hasSuffix("</s>⟧0"), "\(expression): \(text)")
        }
    }
}
