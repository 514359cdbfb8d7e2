import JSONSchema
import LlamaStackAPI

/// The parts of a reply to a request with tools that are right.
struct ToolJudgement: Sendable, Equatable {
    /// A call was made.
    var called = false
    /// The text looks like a call that was written wrong.
    var isMalformed = false
    /// The one call that was needed was made, of the right tool.
    var hasRightTool = false
    /// Its arguments keep to the tool's schema.
    var isValid = false
    /// Its arguments are the right ones, all of them and no others.
    var hasRightValues = false

    init(_ calls: [ToolCall], text: String, for request: ToolRequest) {
        called = !calls.isEmpty
        isMalformed = calls.isEmpty && Self.looksLikeCall(text)
        guard let expected = request.expected, calls.count == 1, calls[0].toolName == expected.tool else { return }
        hasRightTool = true
        isValid = request.accepts(calls[0])
        hasRightValues = expected.accepts(calls[0].arguments)
    }

    /// Marks and keys that no answer in words has.
    private static func looksLikeCall(_ text: String) -> Bool {
        ["<tool_call>", "<function", "\"name\":", "\"parameters\":", "\"arguments\":"].contains { text.contains($0) }
    }
}

extension ToolRequest {
    /// Whether the arguments are valid under the tool's schema; one that can't be read takes any.
    fileprivate func accepts(_ call: ToolCall) -> Bool {
        guard let tool = tools.first(where: { $0.toolName.description == call.toolName }),
            let schema = try? ValueSchema.ofTool(parameters: .object(tool.parameters ?? [:]))
        else { return true }
        return schema.validate(.object(call.arguments)).isEmpty
    }
}

extension ExpectedCall {
    func accepts(_ given: JSONObject) -> Bool {
        let known = Set(arguments.map(\.name))
        guard given.keys.allSatisfy(known.contains) else { return false }
        return arguments.allSatisfy { argument in
            guard let value = given[argument.name] else { return argument.isOptional }
            return argument.values.contains { Self.isSame(value, as: $0) }
        }
    }

    /// Numbers by their value, texts without regard to case and white space; an object's members each have a list of
    /// right values, as arguments have.
    private static func isSame(_ value: JSON, as right: JSON) -> Bool {
        switch (value, right) {
        case (.string(let text), .string(let wanted)): return folded(text) == folded(wanted)
        case (.array(let items), .array(let wanted)):
            return items.count == wanted.count && zip(items, wanted).allSatisfy { isSame($0, as: $1) }
        case (.object(let object), .object(let wanted)):
            guard object.keys.allSatisfy({ wanted[$0] != nil }) else { return false }
            return wanted.members.allSatisfy { member in
                guard case .array(let values) = member.value else {
                    return object[member.key].map { isSame($0, as: member.value) } ?? false
                }
                guard let value = object[member.key] else { return values.contains(.string("")) }
                return values.contains { isSame(value, as: $0) } || isSame(value, as: member.value)
            }
        default:
            if let number = value.double, let wanted = right.double { return number == wanted }
            return value == right
        }
    }

    private static func folded(_ text: String) -> String { text.lowercased().filter { !$0.isWhitespace } }
}

extension JSON {
    fileprivate var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        case .exact(let value): value.doubleValue
        default: nil
        }
    }
}

/// The counts of many replies.
struct ToolScore: Sendable, Equatable {
    /// Requests that a tool helps with, and what came of them.
    var (needed, called, malformed, rightTools, valid, rightValues) = (0, 0, 0, 0, 0, 0)
    /// Requests that no tool helps with, and those that were answered with a call all the same.
    var (unneeded, calledInVain) = (0, 0)

    mutating func add(_ judgement: ToolJudgement, for request: ToolRequest) {
        guard request.expected != nil else {
            unneeded += 1
            calledInVain += judgement.called ? 1 : 0
            return
        }
        needed += 1
        called += judgement.called ? 1 : 0
        malformed += judgement.isMalformed ? 1 : 0
        rightTools += judgement.hasRightTool ? 1 : 0
        valid += judgement.isValid ? 1 : 0
        rightValues += judgement.hasRightValues ? 1 : 0
    }
}
