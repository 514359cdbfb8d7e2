import Foundation
import Testing

@testable import ChatTemplates

struct ReplyParserTests {
    @Test("each form of the table says what it says", arguments: TableOfForms.all)
    func table(reply: WrittenReply) {
        var parser = ReplyParser(tools: offeredTools, format: reply.format)
        let events = parser.add(reply.pieces) + parser.finish(isCutOff: reply.isCutOff)
        #expect(ParsedReply(events) == ParsedReply(reply))
    }

    /// Random cuts over the table, and a third as many over mixtures.
    static let cutsMax = ProcessInfo.processInfo.environment["LLAMA_STACK_CUTS"].flatMap { Int($0) } ?? 10_000

    /// A new one each time, unless one is to be tried again.
    static var seed: UInt64 {
        ProcessInfo.processInfo.environment["LLAMA_STACK_SEED"].flatMap { UInt64($0) } ?? .random(in: .min ... .max)
    }

    @Test("a reply says the same wherever it is cut: 10,000 random cuts over the table of forms")
    func cuts() async {
        let seed = Self.seed
        var random = SeededNumbers(state: seed)
        let forms = TableOfForms.all
        print("\(Self.cutsMax) cuts over the \(forms.count) rows of the table, seed \(seed)")
        for trial in 0..<Self.cutsMax {
            if trial % 100 == 0 { await Task.yield() }
            let reply = forms[trial % forms.count]
            let said = Self.said(reply.pieces, reply.format, isCutOff: reply.isCutOff, cut: &random)
            guard said != ParsedReply(reply) else { continue }
            Issue.record("\(reply.model): \(said), seed \(seed), trial \(trial)")
        }
    }

    @Test("mixtures of forms and their fragments say the same wherever they are cut")
    func mixtures() async {
        let seed = Self.seed
        var random = SeededNumbers(state: seed)
        print("\(Self.cutsMax / 3) cuts over mixtures, seed \(seed)")
        for trial in 0..<Self.cutsMax / 3 {
            if trial % 100 == 0 { await Task.yield() }
            let (pieces, format) = Self.mixture(&random)
            let isCutOff = random.next(below: 2) == 0
            var whole = ReplyParser(tools: offeredTools, format: format)
            let wanted = ParsedReply(whole.add(pieces) + whole.finish(isCutOff: isCutOff))
            let said = Self.said(pieces, format, isCutOff: isCutOff, cut: &random)
            guard said != wanted else { continue }
            Issue.record("\(pieces): \(said), whole: \(wanted), seed \(seed), trial \(trial)")
        }
    }

    private static func said(
        _ pieces: [ReplyPiece], _ format: ReplyFormat, isCutOff: Bool, cut random: inout SeededNumbers
    ) -> ParsedReply {
        var parser = ReplyParser(tools: offeredTools, format: format)
        var events: [ReplyParser.Event] = []
        for piece in pieces {
            for part in cut(piece, &random) { events += parser.add([part]) }
        }
        return ParsedReply(events + parser.finish(isCutOff: isCutOff))
    }

    /// Two rows of the table, or pieces of several, with marks and brackets between.
    private static func mixture(_ random: inout SeededNumbers) -> ([ReplyPiece], ReplyFormat) {
        let rows = TableOfForms.all
        var pieces: [ReplyPiece] = []
        var format = rows[random.next(below: rows.count)].format
        let takesFragments = random.next(below: 2) == 0
        for _ in 0..<2 + random.next(below: 3) {
            let row = rows[random.next(below: rows.count)]
            format.controls.formUnion(row.format.controls)
            for piece in row.pieces {
                guard takesFragments, case .text(let text) = piece else {
                    pieces.append(piece)
                    continue
                }
                let scalars = Array(text.unicodeScalars)
                let from = random.next(below: scalars.count + 1)
                let fragment = scalars[from...].prefix(random.next(below: scalars.count + 1))
                pieces.append(.text(String(String.UnicodeScalarView(fragment))))
            }
            let between = ["", " ", "\n", ";", "}", "\"", "```", "<", "[", "\n\n"] + ReplyMark.allCases.map(\.text)
            pieces.append(.text(between[random.next(below: between.count)]))
        }
        return (pieces, format)
    }

    /// A piece in parts at random places between characters.
    static func cut(_ piece: ReplyPiece, _ random: inout SeededNumbers) -> [ReplyPiece] {
        guard case .text(let text) = piece else { return [piece] }
        let longest = [1, 3, 10, 100][random.next(below: 4)]
        var parts: [ReplyPiece] = []
        var rest = Substring(text)
        while !rest.isEmpty {
            let part = rest.unicodeScalars.prefix(1 + random.next(below: longest))
            parts.append(.text(String(part)))
            rest = rest[part.endIndex...]
        }
        return parts
    }

    private func events(_ pieces: String..., tools: [ChatTool] = offeredTools) -> [[ReplyParser.Event]] {
        var parser = ReplyParser(tools: tools)
        return pieces.map { parser.add([.text($0)]) }
    }

    @Test("ordinary text is shown at once")
    func atOnce() {
        #expect(events("Hel", "lo [", "x]") == [[.text("Hel")], [.text("lo ")], [.text("[x]")]])
    }

    @Test("an object that cannot be a call is shown as soon as that is known")
    func earlyOut() {
        #expect(events("{\"ans") == [[.text("{\"ans")]])
    }

    @Test("a call comes with the mark that ends it")
    func callAtOnce() {
        let call = #"<tool_call>{"name": "now", "arguments": {}}"#
        #expect(events(call, "</tool_call>") == [[], [.call(now)]])
    }

    @Test("without tools nothing is a call, and thoughts are still told from the answer")
    func noTools() {
        #expect(events("{\"name\": ", tools: []) == [[.text("{\"name\": ")]])
        #expect(
            events("<think>a", "b</think>c", tools: []) == [
                [.reasoning("a")], [.reasoning("b"), .text("c")],
            ])
    }

    @Test("without tools, whom functionary's answer is for is no part of it")
    func noToolsForRecipient() {
        for (mark, reply) in [(ReplyMark.recipient, "all\nHello"), (.recipientName, "all\n<|content|>Hello")] {
            var parser = ReplyParser(tools: [], format: ReplyFormat(beginning: .recipient(mark)))
            #expect(parser.add([.text(reply)]) + parser.finish() == [.text("Hello")])
        }
    }

    @Test("code is a call only where code can be run")
    func code() {
        var parser = ReplyParser(
            tools: [ChatTool(name: "now")], format: ReplyFormat(controls: [.pythonTag]))
        #expect(parser.add([.mark(.pythonTag), .text("print(1)")]) + parser.finish() == [.text("print(1)")])
    }

    @Test("a call beyond its limits is text")
    func limits() {
        let long = #"{"name": "get_weather", "parameters": {"city": "\#(String(repeating: "x", count: 70_000))"}}"#
        let nested = String(repeating: "[", count: 5000) + String(repeating: "]", count: 5000)
        let deep = #"{"name": "get_weather", "parameters": {"city": \#(nested)}}"#
        for reply in [long, deep] {
            for size in [1 << 20, 1000] {
                var parser = ReplyParser(tools: offeredTools)
                var events: [ReplyParser.Event] = []
                var rest = Substring(reply)
                while !rest.isEmpty {
                    events += parser.add([.text(String(rest.prefix(size)))])
                    rest = rest.dropFirst(size)
                }
                #expect(ParsedReply(events + parser.finish()).text == reply)
            }
        }
    }

    @Test("calls beyond the most that a reply may make are text")
    func callsMax() {
        let call = "<tool_call>{\"name\": \"now\"}</tool_call>"
        var parser = ReplyParser(tools: offeredTools)
        let reply = ParsedReply(parser.add([.text(String(repeating: call, count: 40))]) + parser.finish())
        #expect(reply.calls.count == 32)
        #expect(reply.text == String(repeating: call, count: 8))
    }

    @Test("what is held back is bounded, and so is the work on what never becomes a call")
    func bounded() {
        for opening in [
            "<tool_call>", "<function=send><parameter=text>", "<tool_call>{\"name\": \"", "[[[", "<|python_tag|>",
        ] {
            var parser = ReplyParser(tools: [ChatTool(name: "send", parameters: ["text": ["param_type": "str"]])])
            var (shown, given) = (0, 0)
            for _ in 0..<200 {
                let piece = opening + String(repeating: "x", count: 1000)
                given += piece.utf8.count
                for case .text(let text) in parser.add([.text(piece)]) { shown += text.utf8.count }
            }
            #expect(shown > given - (64 << 10) - (64 << 10) / 16 - 2000, "\(opening)")
        }
    }

    @Test(
        "a template decides which forms are tried",
        arguments: [
            ("qwen2.5.jinja", [.toolCall, .graniteCall, .functionCall, .tools, .function], false),
            ("qwen3.jinja", [.toolCall, .graniteCall, .functionCall, .tools, .function], false),
            ("mistral-nemo.jinja", [.toolCalls], false), ("smollm2.jinja", CallForms.all.marks, true),
        ] as [(String, Set<ReplyMark>, Bool)])
    func forms(template: String, marks: Set<ReplyMark>, isAnywhere: Bool) throws {
        let format = try ChatFormat(template: ReferenceData.text(template), bosToken: "", eosToken: "")
        #expect(format.callForms == CallForms(marks: marks, takesBareCallsAnywhere: isAnywhere))
    }

    @Test("an example in a model's answer is no call where its template has marks for calls")
    func example() throws {
        var parser = ReplyParser(
            tools: offeredTools, format: ReplyFormat(forms: CallForms(template: "<tool_call>", hasTools: true)))
        let text = "One writes {\"name\": \"now\", \"arguments\": {}} or [TOOL_CALLS]now{}."
        #expect(ParsedReply(parser.add([.text(text)]) + parser.finish()).text == text)
    }

    @Test("where a reply begins is read off the end of its prompt")
    func beginnings() {
        func beginning(_ text: String, isTrusted: Bool = true) -> ReplyFormat.Beginning {
            var forms = CallForms.all
            forms.marks.formUnion([.recipient, .recipientName])
            return .init(after: Prompt(segments: [PromptSegment(text: text, isTrusted: isTrusted)]), forms: forms)
        }
        #expect(beginning("assistant\n<think>\n") == .thought(.think))
        #expect(beginning("assistant\n<think>\n\n</think>\n\n") == .answer)
        #expect(beginning("<|end_header_id|>\n\n>>>") == .recipient(.recipient))
        #expect(beginning("<|from|>assistant\n<|recipient|>") == .recipient(.recipientName))
        #expect(beginning("what is <think>", isTrusted: false) == .answer)
    }
}

/// Random numbers that a seed repeats.
struct SeededNumbers {
    var state: UInt64

    mutating func next(below bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((state >> 33) % UInt64(bound))
    }
}
