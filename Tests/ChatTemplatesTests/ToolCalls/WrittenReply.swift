import Testing

@testable import ChatTemplates

/// A reply as a model writes it, and what it says.
struct WrittenReply: Sendable, CustomTestStringConvertible {
    var model: String
    var pieces: [ReplyPiece]
    var format = ReplyFormat()
    var calls: [ChatToolCall] = []
    var text = ""
    var reasoning = ""
    var repair: CallRepair?
    var isCutOff = false

    /// - Parameter tokens: the marks that the vocabulary has as control tokens; in `written` each is that token.
    init(
        _ model: String, _ written: String, tokens: Set<ReplyMark> = [], forms: CallForms = .all,
        beginning: ReplyFormat.Beginning = .answer, calls: [ChatToolCall] = [], text: String = "",
        reasoning: String = "", repair: CallRepair? = nil, isCutOff: Bool = false
    ) {
        self.model = model
        pieces = Self.pieces(written, tokens)
        format = ReplyFormat(forms: forms, controls: tokens, beginning: beginning)
        (self.calls, self.text, self.reasoning, self.repair) = (calls, text, reasoning, repair)
        self.isCutOff = isCutOff
    }

    var testDescription: String { model }

    private static func pieces(_ written: String, _ tokens: Set<ReplyMark>) -> [ReplyPiece] {
        var pieces: [ReplyPiece] = []
        var rest = Substring(written)
        while !rest.isEmpty {
            let next = tokens.compactMap { mark in rest.firstRange(of: mark.text).map { (mark, $0) } }
                .min { $0.1.lowerBound < $1.1.lowerBound }
            guard let (mark, range) = next else { break }
            if range.lowerBound > rest.startIndex { pieces.append(.text(String(rest[..<range.lowerBound]))) }
            pieces.append(.mark(mark))
            rest = rest[range.upperBound...]
        }
        return rest.isEmpty ? pieces : pieces + [.text(String(rest))]
    }
}

/// What a reply said, its pieces joined.
struct ParsedReply: Equatable, CustomStringConvertible {
    var calls: [ChatToolCall] = []
    var text = ""
    var reasoning = ""
    var repair: CallRepair?

    init(_ written: WrittenReply) {
        (calls, text, reasoning, repair) = (written.calls, written.text, written.reasoning, written.repair)
    }

    init(_ events: [ReplyParser.Event]) {
        for event in events {
            switch event {
            case .text(let more): text += more
            case .reasoning(let more): reasoning += more
            case .call(let call): calls.append(call)
            case .repair(let slip): repair = slip
            }
        }
    }

    var description: String {
        let shown = calls.map { call in
            "\(call.name)(\((try? TemplateValue.map(call.arguments).json()) ?? "?"))"
        }
        return "calls \(shown), text \(text.debugDescription), reasoning \(reasoning.debugDescription), "
            + "repair \(repair?.rawValue ?? "none")"
    }
}

let offeredTools = [
    ChatTool(
        name: "get_weather",
        parameters: [
            "city": ["param_type": "string"], "days": ["param_type": "int", "required": false],
            "hourly": ["param_type": "bool", "required": false],
            "unit": ["param_type": "Optional[str]", "required": false],
        ]),
    ChatTool(name: "send", parameters: ["to": ["param_type": "list"], "text": ["param_type": "str"]]),
    ChatTool(name: "now"), ChatTool(name: "ask Ute", parameters: ["rows": ["param_type": "list[int] | None"]]),
    ChatTool(name: "web_search"), ChatTool(name: "math"), ChatTool(name: "image_gen"),
    ChatTool(name: "code_interpreter"),
]

func weather(_ city: String) -> ChatToolCall { ChatToolCall(name: "get_weather", arguments: ["city": .string(city)]) }
let now = ChatToolCall(name: "now", arguments: [:])
func send(_ text: String) -> ChatToolCall {
    ChatToolCall(name: "send", arguments: ["to": ["x"], "text": .string(text)])
}
