import LlamaStackAPI

@testable import ChatTemplates

/// What stands beside calls in replies: thoughts, slips, and text that only looks like a call.
extension TableOfForms {
    static let thoughts = [
        WrittenReply("a thought", "<think>\nHm.\n</think>\n\nHello.", text: "Hello.", reasoning: "Hm."),
        WrittenReply(
            "a call inside a thought is none",
            "<think>\nI could say <tool_call>\(paris)</tool_call> but no.\n</think>\n\nHello.", text: "Hello.",
            reasoning: "I could say <tool_call>\(paris)</tool_call> but no."),
        WrittenReply(
            "a thought before a call", "<think>\nHm.\n</think>\n\n<tool_call>\n\(paris)\n</tool_call>",
            tokens: [.toolCall, .toolCallEnd, .think, .thinkEnd], forms: hermes, calls: [weather("Paris")],
            reasoning: "Hm."),
        WrittenReply(
            "a thought that the prompt opened", "Hm.\n</think>\n\nHello.", beginning: .thought(.think), text: "Hello.",
            reasoning: "Hm."),
        WrittenReply("a thought without end", "<think>\nHm. \(paris)", reasoning: "Hm. \(paris)", isCutOff: true),
        WrittenReply("an empty thought", "<think>\n\n</think>\n\nHello.", text: "Hello."),
        WrittenReply(
            "a thought between calls", "\(oslo)\n<think>a</think>\n\(paris)",
            calls: [weather("Oslo"), weather("Paris")], reasoning: "a"),
        WrittenReply("Magistral", "[THINK]Hm.[/THINK]Hello.", text: "Hello.", reasoning: "Hm."),
        WrittenReply(
            "a thought's end that is spelled and no token", "<think>a </think> b</think>c",
            tokens: [.think], text: "c", reasoning: "a </think> b"
        ).endingThought(),
        WrittenReply(
            "a thought after words", "Sure.\n<think>\n<tool_call>\(paris)</tool_call>\n</think>\nHello.",
            text: "Sure.\nHello.", reasoning: "<tool_call>\(paris)</tool_call>"),
        WrittenReply("two thoughts", "<think>a</think>\n<think>b</think>\nc", text: "c", reasoning: "a\nb"),
        WrittenReply("a mark of thoughts in prose", "Use <think> for thoughts.", text: "Use <think> for thoughts."),
        WrittenReply(
            "a spelled mark where the vocabulary has the token", "I write <tool_call>\(paris)</tool_call>.",
            text: "I write <tool_call>\(paris)</tool_call>."
        ).withTokens(hermesTokens, forms: hermes),
    ]

    /// One slip that has one reading.
    static let slips = [
        WrittenReply(
            "a brace too many", "<tool_call>\(paris)}</tool_call>", calls: [weather("Paris")], repair: .bracketExtra),
        WrittenReply("a brace too many, bare", oslo + "}", calls: [weather("Oslo")], repair: .bracketExtra),
        WrittenReply(
            "braces too many, on lines", "<tool_call>\n\(paris)}\n}\n</tool_call>", calls: [weather("Paris")],
            repair: .bracketExtra),
        WrittenReply(
            "a brace too many, in a list", "[TOOL_CALLS] [\(paris)}]", calls: [weather("Paris")], repair: .bracketExtra),
        WrittenReply(
            "a brace missing", "<tool_call>\(paris.dropLast())</tool_call>", calls: [weather("Paris")],
            repair: .bracketMissing),
        WrittenReply(
            "a brace missing, before an end token", "<tool_call>\(paris.dropLast())\n</tool_call>",
            tokens: hermesTokens,
            calls: [weather("Paris")], repair: .bracketMissing),
        WrittenReply(
            "a brace missing, at the end", String(oslo.dropLast()), calls: [weather("Oslo")], repair: .bracketMissing),
        WrittenReply(
            "a brace missing, in a list", "[TOOL_CALLS] [\(paris.dropLast()), \(oslo)]",
            calls: [weather("Paris"), weather("Oslo")], repair: .bracketMissing),
        WrittenReply(
            "a list's bracket missing", "<tool_call>[\(paris)</tool_call>", calls: [weather("Paris")],
            repair: .bracketMissing),
        WrittenReply(
            "a brace missing in a reply that was cut off", String(oslo.dropLast()), text: String(oslo.dropLast()),
            isCutOff: true),
        WrittenReply(
            "a second call that was cut off", "<tool_call>\(paris)</tool_call>\n<tool_call>\(oslo.dropLast(9))",
            calls: [weather("Paris")], isCutOff: true),
        WrittenReply(
            "an end mark that was cut off", "<tool_call>\(paris)</tool_ca", calls: [weather("Paris")], isCutOff: true),
        WrittenReply(
            "words after a call, cut off", "<tool_call>\(paris)</tool_call>\nLet me see <tool_call>{\"na",
            calls: [weather("Paris")], text: "Let me see <tool_call>{\"na", isCutOff: true),
        WrittenReply(
            "a comma too many", #"<tool_call>{"name": "get_weather", "arguments": {"city": "Paris",},}</tool_call>"#,
            calls: [weather("Paris")], repair: .trailingComma),
        WrittenReply(
            "a comma missing", #"{"name": "get_weather" "parameters": {"city": "Oslo"}}"#, calls: [weather("Oslo")],
            repair: .commaMissing),
        WrittenReply(
            "a comma missing between calls", "<tool_call>[\(paris) \(oslo)]</tool_call>",
            calls: [weather("Paris"), weather("Oslo")], repair: .commaMissing),
        WrittenReply(
            "quotes inside a text have no one reading",
            #"{"name": "get_weather", "parameters": {"city": "the "big" one"}}"#,
            text: #"{"name": "get_weather", "parameters": {"city": "the "big" one"}}"#),
        WrittenReply(
            "single quotes", "<tool_call>{'name': 'get_weather', 'arguments': {'city': \"L'Aquila\"}}</tool_call>",
            calls: [weather("L'Aquila")], repair: .singleQuotes),
        WrittenReply(
            "single quotes, bare", "{'name': 'get_weather', 'parameters': {'city': 'Oslo'}}", calls: [weather("Oslo")],
            repair: .singleQuotes),
        WrittenReply(
            "Python's words", "{'name': 'now', 'arguments': {'a': True, 'b': None}}",
            calls: [ChatToolCall(name: "now", arguments: ["a": true, "b": nil])], repair: .singleQuotes),
        WrittenReply(
            "two slips have too many readings", "<tool_call>{'name': 'now', 'arguments': {}</tool_call>",
            text: "<tool_call>{'name': 'now', 'arguments': {}</tool_call>"),
        WrittenReply(
            "a line inside a text", "{\"name\": \"get_weather\", \"parameters\": {\"city\": \"a\nb\"}}",
            calls: [weather("a\nb")]),
        WrittenReply(
            "numbers of any size",
            #"{"name": "now", "parameters": {"a": 1e999, "b": 12345678901234567890, "c": 0.10, "d": 01, "e": -0.5e-3, "f": 5., "g": -Infinity, "h": NaN}}"#,
            calls: [
                ChatToolCall(
                    name: "now",
                    arguments: [
                        "a": "1e999", "b": exact("12345678901234567890"), "c": 0.1, "d": 1, "e": -0.0005, "f": 5.0,
                        "g": "-Infinity", "h": "NaN",
                    ])
            ]),
    ]

    /// A number by its digits.
    private static func exact(_ digits: String) -> TemplateValue {
        (try? JSON(parsing: digits)).map { TemplateValue($0) } ?? nil
    }

    /// What is no call comes out as it was.
    static let text =
        [
            "Hello.", "", "  \n x", "{\"answer\": 42}", "{\"name\": \"Bob\"}",
            "{\"name\": \"Widget\", \"parameters\": {\"size\": 3}}",
            "[{\"name\": \"Widget\", \"parameters\": {}}]", "[\(oslo), {\"name\": \"Widget\", \"parameters\": {}}]",
            "{\"name\": \"Widget\", \"parameters\": {\"name\": \"now\", \"arguments\": {}}}",
            "{\"name\": \"Widget\", \"type\": \"now\", \"parameters\": {}}",
            "{\"name\": \"get_weather\", \"city\": \"Paris\"}", "{\"name\": \"get_weatherman\", \"parameters\": {}}",
            "[TOOL_CALLS]now-ish{}", "<function=nowhere>{}</function>",
            "{\"tools\": [{\"name\": \"now\", \"parameters\": {}}]}", "{\"name\": \"get_weather\", \"parameters\": {",
            "{\"name\": 5, \"parameters\": {}}", "{\"name\": \"get_weather\", \"parameters\": [1]}",
            "{\"name\": \"get_weather\", \"parameters\": {\"type\": \"object\", \"properties\": {}}}",
            "[1] A footnote.", "[f(1)]", "[]", "{}", "[", "{", "<", ">>", "a < b and [c] {d}", "<tool", "🙂 <|im",
            "é[f](x)",
            "<tool_call>nothing</tool_call>", "<tool_call>{\"name\": \"Widget\", \"arguments\": {}}</tool_call>",
            "<tool_call><tool_call>",
            "[TOOL_CALLS] what", "[TOOL_CALLS]Widget{}", "<function=x>{broken</function>", "<function=now>{</function>",
            "call brave_search.call(query=\"x\") now", "brave_searching", "[get_weather(", "[get_weather('x')]",
            "Like so:\n```json\n\(oslo)\n```\n", "Say `\(oslo)` to call.",
            "So:\n```\n<think>\nHm.\n</think>\n```",
            "<｜tool▁calls▁begin｜>none<｜tool▁calls▁end｜>", "</tool_call>", "a </think> b", "`` `{` ``",
        ].map { WrittenReply("text: \($0)", $0, text: $0) }
}

extension WrittenReply {
    /// The marks that this reply spells are control tokens of the vocabulary, and did not come as such.
    fileprivate func withTokens(_ tokens: Set<ReplyMark>, forms: CallForms) -> WrittenReply {
        var reply = self
        reply.format.controls = tokens
        reply.format.forms = forms
        return reply
    }

    /// The last `</think>` comes as the token, those before it as text.
    fileprivate func endingThought() -> WrittenReply {
        var reply = self
        guard case .text(let rest)? = reply.pieces.last, let range = rest.ranges(of: "</think>").last else {
            return self
        }
        reply.pieces.removeLast()
        reply.pieces += [
            .text(String(rest[..<range.lowerBound])), .mark(.thinkEnd), .text(String(rest[range.upperBound...])),
        ]
        reply.format.controls.insert(.thinkEnd)
        return reply
    }
}
