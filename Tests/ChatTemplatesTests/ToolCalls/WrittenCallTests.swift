import Grammars
import Testing

@testable import ChatTemplates

struct WrittenCallTests {
    /// A form, with the ids that its vocabulary gives its marks.
    private struct Written {
        let form: CallForm
        let tokens: [ReplyMark: Int32]
        let format: ReplyFormat

        init(_ form: CallForm) throws {
            self.form = form
            tokens = Dictionary(
                uniqueKeysWithValues: form.controls.map { ($0, WrittenCallTests.firstMark + Int32($0.rawValue)) })
            format = ReplyFormat(
                forms: try form.format().callForms, controls: form.controls,
                beginning: form.beginning)
        }
    }

    private static let forms = CallForm.all.filter { $0.syntax.arguments != .other }
    private static let demands: [CallDemand] = [.auto, .required(callsMax: nil), .required(callsMax: 1)]
    private static let firstMark: Int32 = 1000
    /// Every byte is a token.
    private static let vocabulary = GrammarVocabulary(
        trie: TokenTrie(vocabulary: 1100) { token, bytes in
            if token < 256 { bytes.append(UInt8(token)) }
        })

    @Test("what the grammar of a form allows is read as exactly those calls: 10,000 random cuts over all forms")
    func read() async throws {
        let seed = ReplyParserTests.seed
        var random = SeededNumbers(state: seed)
        let written = try Self.forms.map { try Written($0) }
        let trials = ReplyParserTests.cutsMax
        print("\(trials) cuts over the calls of \(written.count) forms, seed \(seed)")
        for trial in 0..<trials {
            if trial % 100 == 0 { await Task.yield() }
            let form = written[trial % written.count]
            let demand = Self.demands[random.next(below: Self.demands.count)]
            let start = form.form.syntax.grammar(
                demand, of: CallAuthor.callable, tokens: form.tokens, beginning: form.format.beginning)
            var author = CallAuthor(random, form.tokens)
            author.write(start)
            random = author.random
            var parser = ReplyParser(tools: CallAuthor.tools, format: form.format)
            var events: [ReplyParser.Event] = []
            for piece in author.pieces {
                for part in ReplyParserTests.cut(piece, &random) { events += parser.add([part]) }
            }
            let reply = ParsedReply(events + parser.finish())
            let text = reply.text.trimmed
            if reply.calls != author.calls || reply.repair != nil
                || !["", "Let me see", "Let me see.", "Well."].contains(text)
            {
                Issue.record("\(form.form.model): \(reply) of \(author.pieces), seed \(seed), trial \(trial)")
            }
            if trial % 37 == 0 {
                try Self.expectAllowed(author.pieces, start, form.tokens, "seed \(seed), trial \(trial)")
            }
        }
    }

    /// The compiled grammar takes what was written.
    private static func expectAllowed(
        _ pieces: [ReplyPiece], _ start: GrammarStart, _ tokens: [ReplyMark: Int32], _ comment: Comment
    ) throws {
        var state = GrammarState(try Grammar(start, timeMax: nil), vocabulary)
        var taken = true
        for piece in pieces {
            switch piece {
            case .text(let text): for byte in text.utf8 { taken = taken && state.advance(Int32(byte)) }
            case .mark(let mark): taken = taken && tokens[mark].map { state.advance($0) } ?? false
            }
        }
        #expect(taken && state.isFinal, comment)
    }

    /// Whether a grammar takes a text, a byte a token.
    private func takes(
        _ text: String, _ demand: CallDemand, _ syntax: CallSyntax, beginning: ReplyFormat.Beginning = .answer,
        tokens: [ReplyMark: Int32] = [:]
    ) throws -> Bool {
        let start = syntax.grammar(demand, of: CallAuthor.callable, tokens: tokens, beginning: beginning)
        var state = GrammarState(try Grammar(start, timeMax: nil), Self.vocabulary)
        for piece in ReplyPiece.pieces(of: text, Set(tokens.keys)) {
            switch piece {
            case .text(let text): for byte in text.utf8 where !state.advance(Int32(byte)) { return false }
            case .mark(let mark):
                guard let token = tokens[mark], state.advance(token) else { return false }
            }
        }
        return state.isFinal
    }

    @Test("auto leaves an answer in words free, and holds what begins as a call to an offered tool")
    func auto() throws {
        let plain = CallSyntax.plain
        #expect(try takes("Hello {\"name\": \"Bob\"}", .auto, plain))
        #expect(try takes("", .auto, plain))
        #expect(try takes("{\"name\": \"now\", \"parameters\": {}}", .auto, plain))
        #expect(try takes("\n{\"name\": \"now\", \"parameters\": {}} and so on", .auto, plain))
        #expect(try !takes("{\"name\": \"Bob\"}", .auto, plain))
        let hermes = CallForm.hermes
        let call = "<tool_call>\n{\"name\": \"now\", \"arguments\": {}}\n</tool_call>"
        #expect(try takes("So:\n\(call)\n\(call)", .auto, hermes))
        #expect(try !takes("So: <tool_call>{\"name\": \"now\", \"arguments\": {}}\n</tool_call>", .auto, hermes))
        #expect(try takes("{\"name\": \"Bob\"}", .auto, hermes))
    }

    @Test("where a mark is a control token, its spelling opens nothing")
    func spelled() throws {
        let tokens: [ReplyMark: Int32] = [.toolCall: 1000, .toolCallEnd: 1001]
        let start = CallForm.hermes.grammar(.auto, of: CallAuthor.callable, tokens: tokens, beginning: .answer)
        var state = GrammarState(try Grammar(start, timeMax: nil), Self.vocabulary)
        for byte in "One writes <tool_call> like this".utf8 { #expect(Self.advance(&state, Int32(byte))) }
        #expect(state.isFinal)
        #expect(Self.advance(&state, 1000))
        #expect(!state.isFinal)
        #expect(!Self.advance(&state, Int32(UInt8(ascii: "x"))))
    }

    private static func advance(_ state: inout GrammarState, _ token: Int32) -> Bool { state.advance(token) }

    @Test("required is nothing but calls, behind the thought that the prompt opened")
    func required() throws {
        let hermes = CallForm.hermes
        let call = "\n<tool_call>\n{\"name\": \"now\", \"arguments\": {}}\n</tool_call>"
        #expect(try takes(call, .required(callsMax: nil), hermes))
        #expect(try takes(call + call, .required(callsMax: nil), hermes))
        #expect(try !takes(call + call, .required(callsMax: 1), hermes))
        #expect(try !takes("Well." + call, .required(callsMax: nil), hermes))
        #expect(try !takes("", .required(callsMax: nil), hermes))
        #expect(try takes("Hm.</think>\n\(call)", .required(callsMax: nil), hermes, beginning: .thought(.think)))
        #expect(
            try takes(
                "Hm.</think>\n\(call)", .required(callsMax: nil), hermes, beginning: .thought(.think),
                tokens: [.thinkEnd: 1002]))
    }

    @Test("a call whose arguments are no JSON is held to the name")
    func nameAlone() throws {
        let coder = CallSyntax(opening: "\n<tool_call>\n<function=", middle: ">\n<", arguments: .other)
        #expect(try takes("\n<tool_call>\n<function=now>\n</function>\n</tool_call>", .required(callsMax: 1), coder))
        #expect(try !takes("\n<tool_call>\n<function=later>\n</function>", .required(callsMax: 1), coder))
        #expect(try !takes("<tool_call>\n<function=later>\n", .auto, coder))
        #expect(try takes("<tool_call>\n<function=send>\n<parameter=to>\nx", .auto, coder))
    }

    @Test("functionary's answer is for all, or calls")
    func functionary() throws {
        let syntax = CallSyntax(opening: "", middle: "\n", arguments: .spaced, separator: ">>>")
        #expect(try takes("all\nHello", .auto, syntax, beginning: .recipient(.recipient)))
        #expect(try takes("now\n{}>>>now\n{}", .auto, syntax, beginning: .recipient(.recipient)))
        #expect(try !takes("later\n{}", .auto, syntax, beginning: .recipient(.recipient)))
        #expect(try !takes("all\nHello", .required(callsMax: nil), syntax, beginning: .recipient(.recipient)))
        let second = CallSyntax(
            opening: "", middle: "\n<|content|>", arguments: .spaced, separator: "\n<|from|>assistant\n<|recipient|>")
        let tokens: [ReplyMark: Int32] = [.content: 1000, .from: 1001, .recipientName: 1002]
        #expect(
            try takes(
                "all\n<|content|>Hello", .auto, second, beginning: .recipient(.recipientName), tokens: tokens))
        #expect(
            try takes(
                "now\n<|content|>{}\n<|from|>assistant\n<|recipient|>now\n<|content|>{}", .auto, second,
                beginning: .recipient(.recipientName), tokens: tokens))
    }

    @Test("calls that no mark opens begin alike up to the name, and only where an answer begins")
    func openings() throws {
        let schema = try #require(CallAuthor.callable.first).arguments
        let tools = ["paint", "say \"x\""].map { CallableTool(name: $0, arguments: schema) }
        let openings = try #require(CallSyntax.plain.openings(of: tools, beginning: .answer))
        #expect(openings.shared == "{\"name\": \"")
        #expect(openings.endBytes == ", \"parameters\": ".utf8.count)
        for (name, fits) in [("paint", true), ("say \\\"x\\\"", true), ("say", false)] {
            var state = GrammarState(try Grammar(.now(openings.all), timeMax: nil), Self.vocabulary)
            let isTaken = "{\"name\": \"\(name)\", \"parameters\": ".utf8.allSatisfy { Self.advance(&state, Int32($0)) }
            #expect((isTaken && state.isComplete) == fits, "\(name)")
        }
        #expect(CallSyntax.plain.openings(of: tools, beginning: .thought(.think)) == nil)
        let marked = CallSyntax(
            opening: "\n<tool_call>\n{\"name\": \"", middle: "\", \"arguments\": ", arguments: .spaced)
        #expect(marked.openings(of: tools, beginning: .answer) == nil)
        #expect(
            CallSyntax(opening: " ", middle: "\n", arguments: .spaced).openings(of: tools, beginning: .answer) == nil)
    }

    @Test("a name stands in a text of JSON as JSON writes it")
    func quotedName() throws {
        let schema = try #require(CallAuthor.callable.first).arguments
        let tools = [CallableTool(name: "a\"b", arguments: schema)]
        let start = CallSyntax.plain.grammar(.required(callsMax: 1), of: tools, tokens: [:], beginning: .answer)
        var state = GrammarState(try Grammar(start, timeMax: nil), Self.vocabulary)
        for byte in "{\"name\": \"a\\\"b\", \"parameters\": {}}".utf8 { #expect(Self.advance(&state, Int32(byte))) }
        #expect(state.isFinal)
    }
}
