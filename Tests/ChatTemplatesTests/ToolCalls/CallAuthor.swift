import Grammars
import JSONSchema
import LlamaStackAPI

@testable import ChatTemplates

/// Writes random answers that a grammar of calls allows.
struct CallAuthor {
    static let tools = [
        ("get_weather", ["city", "days"]), ("send", ["to", "text"]), ("now", []), ("ask Ute", ["rows"]),
        ("größe", ["x"]), ("a.b-c", ["y"]), ("get_weather_2", ["city"]),
    ].map { name, keys in
        ChatTool(
            name: name,
            parameters: [
                "type": "object", "properties": .map(TemplateMap(keys.map { ($0, ["description": "x"]) })),
            ])
    }

    static let callable = tools.map { tool in
        var properties = JSONObject()
        if case .map(let given)? = tool.parameters["properties"] {
            for entry in given.entries { properties[entry.key] = .object([:]) }
        }
        // The keywords are right.
        let schema = try? ValueSchema(parsing: [
            "type": "object", "properties": .object(properties), "additionalProperties": true,
        ])
        return schema.map { CallableTool(name: tool.name, arguments: $0) }
    }.compactMap(\.self)

    var random: SeededNumbers
    let marks: [Int32: ReplyMark]
    private(set) var pieces: [ReplyPiece] = []
    private(set) var calls: [ChatToolCall] = []
    private var tool = 0

    init(_ random: SeededNumbers, _ tokens: [ReplyMark: Int32]) {
        self.random = random
        marks = Dictionary(uniqueKeysWithValues: tokens.map { ($1, $0) })
    }

    mutating func write(_ start: GrammarStart) {
        switch start {
        case .now(let source): write(source)
        case .after(let triggers):
            let trigger = triggers[random.next(below: triggers.count)]
            switch trigger.opening {
            case .token(let token):
                write(.text("Let me see"))
                write(.token(token))
            case .text(let text):
                write(.text("Let me see. "))
                write(.text(text))
            case .beginning(let text): write(.text(text))
            }
            write(trigger.then)
        }
    }

    private mutating func write(_ source: GrammarSource) {
        switch source {
        case .text(let text): if !text.isEmpty { pieces.append(.text(text)) }
        case .token(let token): pieces += marks[token].map { [.mark($0)] } ?? []
        case .textThrough(let end): pieces.append(.text("Hm." + end))
        case .anyText: pieces.append(.text("Well."))
        case .sequence(let parts): for part in parts { write(part) }
        case .choice(let options):
            let place = random.next(below: options.count)
            if options.count == Self.tools.count { tool = place }
            write(options[place])
        case .repeated(let item, let separator, let least, let most):
            for number in 0..<max(least, min(most ?? 3, 1 + random.next(below: 3))) {
                if number > 0, let separator { write(separator) }
                write(item)
            }
        case .value(_, let style):
            let call = ChatToolCall(name: Self.tools[tool].name, arguments: arguments())
            calls.append(call)
            let isCompact = style == .compact
            pieces.append(.text((try? TemplateValue.map(call.arguments).json(isCompact: isCompact)) ?? ""))
        }
    }

    private mutating func arguments() -> TemplateMap {
        var arguments = TemplateMap()
        guard case .map(let properties)? = Self.tools[tool].parameters["properties"] else { return arguments }
        for entry in properties.entries where random.next(below: 4) > 0 { arguments[entry.key] = value(depth: 0) }
        if random.next(below: 4) == 0 { arguments[text()] = value(depth: 0) }
        return arguments
    }

    private mutating func value(depth: Int) -> TemplateValue {
        switch random.next(below: depth < 3 ? 8 : 5) {
        case 0: .int(random.next(below: 2000) - 1000)
        case 1: .double(Double(random.next(below: 1000)) / 8 + 0.125)
        case 2: .bool(random.next(below: 2) == 0)
        case 3: .null
        case 5: .list((0..<random.next(below: 4)).map { _ in value(depth: depth + 1) })
        case 6, 7:
            .map(TemplateMap((0..<random.next(below: 4)).map { ("\($0)" + text(), value(depth: depth + 1)) }))
        default: .string(text())
        }
    }

    private static let fragments =
        [
            "Paris", " ", "\"", "\\", "\n", "}", "{\"name\": \"now\"", "]", "é", "日本", "🙂", "\u{1}", "'", "```", "</s>",
            ",",
        ]
        + ReplyMark.allCases.map(\.text)

    private mutating func text() -> String {
        (0..<random.next(below: 5)).reduce(into: "") { text, _ in
            text += Self.fragments[random.next(below: Self.fragments.count)]
        }
    }
}
