import ChatTemplates
import Dispatch
import Grammars
import JSONSchema
import ProviderKit
import Synchronization
import Tokenizers

/// The grammars of one answer.
struct AnswerRule: Sendable {
    /// Nil where every token may come.
    var grammar: GrammarState?
    /// Where a greedy answer may begin with a call.
    var opening: OpeningChoice?
}

/// The grammars of one model's answers: calls in the form of its template, and JSON of a schema.
final class AnswerGrammars: Sendable {
    private let library: GrammarLibrary
    /// The form of its calls; plain JSON where its own is not known.
    private let syntax: CallSyntax
    /// A form that its template does not write is demanded of it, but not expected.
    private let isSyntaxKnown: Bool
    /// Whether its template tells it of tools: such a model knows by itself when to call.
    private let isTaught: Bool
    private let tokens: [ReplyMark: Int32]
    private let modelNames: @Sendable (ChatTool) -> String
    /// Tools whose schemas no grammar can hold to, by the key of their request.
    private let unheld = Mutex<[String: Set<Int>]>([:])

    private static let unheldMax = 64
    /// Where a model that is told of tools in our words begins with a call: the natural logarithm of how likely the
    /// opening and the likeliest tool's name must be together. Chosen by measuring (Benchmarks/README.md, "Calls of
    /// tools").
    private static let callLogprobMin = -4.5

    private let queue: DispatchQueue

    /// - Parameter queue: where schemas are read.
    init(_ language: ModelLanguage, queue: DispatchQueue) {
        self.queue = queue
        let tokenizer = language.tokenizer
        library = GrammarLibrary {
            TokenTrie(vocabulary: tokenizer.vocabularySize) { token, bytes in
                tokenizer.appendBytes(of: token, showingControl: false, to: &bytes)
            }
        }
        tokens = Dictionary(language.replyMarks.map { ($1, $0) }, uniquingKeysWith: min)
        let format = language.chatFormat
        isTaught = format?.hasTools ?? false
        let known = format.flatMap { CallSyntax(of: $0, controls: Set(language.replyMarks.values)) }
        (syntax, isSyntaxKnown) = (known ?? .plain, known != nil)
        modelNames = { tool in format?.nameForModel(tool) ?? tool.name }
    }

    /// Makes what all grammars need; returns at once.
    func prepare() { library.prepare() }

    /// The grammars of an answer that may or must call.
    ///
    /// Throws a `ProviderError` for a choice that the tools do not allow, and, where calls are demanded, for a schema
    /// that can't be held to. Where they are not, such a tool's arguments are any.
    ///
    /// - Parameter answersUser: the last message is a user's. Behind a tool's result the model decides by its own
    ///   tokens whether it calls again.
    func calls(
        _ choice: ToolChoice, _ tools: [ChatTool], _ format: ReplyFormat, answersUser: Bool, _ log: Log
    ) async throws -> AnswerRule {
        guard let demand = try demand(choice, tools) else { return AnswerRule() }
        // Built-in tools have a notation of their own where the template knows them.
        if demand == .auto, !isSyntaxKnown || tools.contains(where: { modelNames($0) != $0.name }) {
            return AnswerRule()
        }
        var offered = tools
        if case .named(let name) = choice { offered = tools.filter { $0.name == name } }
        let key =
            "\(demand) \(format.beginning) \(offered.map { JSON(.map($0.definition)).text }.joined(separator: " "))"
        let isStrict = demand != .auto
        var loose = unheld.withLock { $0[key] } ?? []
        let callable = try offered.enumerated().map { index, tool in
            do throws(SchemaError) {
                return CallableTool(name: modelNames(tool), arguments: try .ofTool(tool))
            } catch {
                guard !isStrict else { throw ProviderError(error, field: Self.field(of: tool, in: tools)) }
                loose.insert(index)
                return CallableTool(name: modelNames(tool), arguments: .anyObject)
            }
        }
        func rule(_ loose: Set<Int>) async throws(GrammarError) -> AnswerRule {
            let held = callable.enumerated().map { index, tool in
                loose.contains(index) ? CallableTool(name: tool.name, arguments: .anyObject) : tool
            }
            var rule = try await self.rule("\(key) \(loose.sorted())", demand, held, format.beginning)
            if !answersUser { rule.opening = nil }
            return rule
        }
        do throws(GrammarError) {
            return try await rule(loose)
        } catch {
            let failing = try await queue.run { Self.failures(callable) }
            if isStrict {
                let tool = failing.first.map { offered[$0.index] }
                throw ProviderError(
                    failing.first?.error ?? error,
                    field: tool.map { Self.field(of: $0, in: tools) } ?? "available_tools")
            }
            // Too much together, though not alone.
            loose.formUnion(failing.isEmpty ? Set(callable.indices) : Set(failing.map(\.index)))
            for index in loose {
                log.warning(
                    "the arguments of '\(offered[index].name)' are held to no schema: "
                        + (failing.first { $0.index == index }?.error ?? error).description)
            }
            unheld.withLock { unheld in
                if unheld.count >= Self.unheldMax { unheld.removeAll() }
                unheld[key] = loose
            }
            return (try? await rule(loose)) ?? AnswerRule()
        }
    }

    private func rule(
        _ key: String, _ demand: CallDemand, _ tools: [CallableTool], _ beginning: ReplyFormat.Beginning
    ) async throws(GrammarError) -> AnswerRule {
        let (syntax, tokens) = (syntax, tokens)
        func state(_ demand: CallDemand, _ key: String) async throws(GrammarError) -> GrammarState {
            try await library.state(key) {
                syntax.grammar(demand, of: tools, tokens: tokens, beginning: beginning)
            }
        }
        var rule = AnswerRule(grammar: try await state(demand, key))
        guard demand == .auto, !isTaught, let openings = syntax.openings(of: tools, beginning: beginning) else {
            return rule
        }
        rule.opening = OpeningChoice(
            try await library.state("openings \(key)") { .now(openings.all) }, sharedBytes: openings.shared.utf8.count,
            endBytes: openings.endBytes, then: try await state(.required(callsMax: nil), "opened \(key)"),
            logprobMin: Self.callLogprobMin)
        return rule
    }

    /// The grammar of an answer that is a value of this schema.
    func value(_ schema: JSON, _ beginning: ReplyFormat.Beginning) async throws -> AnswerRule {
        let field = "response_schema"
        let tokens = tokens
        do {
            let parsed = try ValueSchema(parsing: schema)
            return AnswerRule(
                grammar: try await library.state("value \(beginning) \(schema.text)") {
                    GrammarStart.answer(.value(parsed, .spaced), beginning: beginning, tokens: tokens)
                })
        } catch let error as SchemaError {
            throw ProviderError(error, field: field)
        } catch let error as GrammarError {
            throw ProviderError(error, field: field)
        }
    }

    /// nil: the answer is free.
    private func demand(_ choice: ToolChoice, _ tools: [ChatTool]) throws -> CallDemand? {
        func refused(_ message: String) -> ProviderError {
            ProviderError(.invalidRequest, "tool_choice \(message)", field: "tool_choice")
        }
        switch choice {
        case .none, .free: return nil
        case .auto: return tools.isEmpty ? nil : .auto
        case .required:
            guard !tools.isEmpty else { throw refused("'required' needs tools, and the request has none") }
            return .required(callsMax: nil)
        case .named(let name):
            guard tools.contains(where: { $0.name == name }) else {
                let names = tools.map { "'\($0.name)'" }.joined(separator: ", ")
                throw refused(
                    "names '\(name)', which is none of the request's tools: \(names.isEmpty ? "none" : names)")
            }
            return .required(callsMax: 1)
        }
    }

    private static func failures(_ tools: [CallableTool]) -> [(index: Int, error: GrammarError)] {
        var failures: [(index: Int, error: GrammarError)] = []
        for (index, tool) in tools.enumerated() {
            do throws(GrammarError) {
                _ = try Grammar(.now(.value(tool.arguments, .spaced)))
            } catch {
                failures.append((index, error))
            }
        }
        return failures
    }

    private static func field(of tool: ChatTool, in tools: [ChatTool]) -> String {
        let place = tools.firstIndex { $0.name == tool.name } ?? 0
        return "available_tools[\(place)].parameters"
    }
}

extension ValueSchema {
    fileprivate static func ofTool(_ tool: ChatTool) throws(SchemaError) -> ValueSchema {
        try ofTool(parameters: JSON(.map(tool.completed.parameters)))
    }

    /// For arguments that nothing is known of.
    fileprivate static let anyObject: ValueSchema = {
        do { return try ValueSchema(parsing: ["type": "object"]) } catch { preconditionFailure("\(error)") }
    }()
}

extension ProviderError {
    fileprivate init(_ error: SchemaError, field: String) {
        self.init(.invalidSchema, "\(field): \(error.description)", field: field)
    }

    fileprivate init(_ error: GrammarError, field: String) {
        self.init(.invalidSchema, "\(field): \(error.description)", field: field)
    }
}
