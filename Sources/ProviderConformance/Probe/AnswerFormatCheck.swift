import ContractBridge
import LlamaStackAPI

/// Checks the format of answers of every method: bytes, then JSON, then the endpoint's schema.
enum AnswerFormatCheck {
    /// Checks one event without its schema.
    static func judge(event bytes: [UInt8], of name: String, _ report: Reporter) {
        if let what = eventProblem(bytes) { report.broken(.writes, "\(name): it wrote \(what)") }
    }

    private static func eventProblem(_ bytes: [UInt8]) -> String? {
        if bytes.isEmpty { return "an event without a byte" }
        if bytes.contains(UInt8(ascii: "\n")) || bytes.contains(UInt8(ascii: "\r")) {
            return "an event with a line break in it: \(quoted(bytes))"
        }
        return textProblem(bytes).map { "an event that is \($0)" }
    }

    /// "not UTF-8: '…'", "not JSON: '…'", or nil.
    static func textProblem(_ bytes: [UInt8]) -> String? {
        guard String(validating: bytes, as: UTF8.self) != nil else { return "not UTF-8: \(quoted(bytes))" }
        do throws(JSONError) {
            _ = try JSON(parsing: bytes, limits: limits)
            return nil
        } catch {
            return "not JSON (\(error.message)): \(quoted(bytes))"
        }
    }

    private static let limits = JSONLimits(bodyBytesMax: 64 << 20)

    /// The problem with an endpoint's whole answer, or nil.
    static func problem(ofAnswer bytes: [UInt8], _ endpoint: EndpointDescription) -> String? {
        switch endpoint.answerFormat {
        case .empty: return bytes.isEmpty ? nil : "the answer must be empty, got \(quoted(bytes))"
        case .json:
            if bytes.isEmpty { return "LSP_OK without an answer: wanted \(SchemaText.of(endpoint.answer))" }
            return problem(bytes, endpoint.answer, "the answer")
        case .jsonLines:
            guard case .array(let line, _, _)? = endpoint.answer else { return nil }
            if let last = bytes.last, last != UInt8(ascii: "\n") {
                return "the last line of JSON Lines must end with a newline"
            }
            for (index, text) in bytes.split(separator: UInt8(ascii: "\n")).enumerated() {
                if let what = problem(Array(text), line, "line \(index + 1) of the answer") { return what }
            }
            return nil
        }
    }

    static func problem(ofEvent bytes: [UInt8], _ schema: Schema, _ index: Int) -> String? {
        problem(bytes, schema, "event \(index + 1)")
    }

    private static func problem(_ bytes: [UInt8], _ schema: Schema?, _ what: String) -> String? {
        if let problem = textProblem(bytes) { return "\(what) is \(problem)" }
        guard let schema, let json = try? JSON(parsing: bytes, limits: limits) else { return nil }
        return SchemaText.mismatch(json, schema).map { "\(what) breaks the schema: \($0)" }
    }

    private static func quoted(_ bytes: [UInt8]) -> String {
        Quote.of(String(decoding: bytes.prefix(200), as: UTF8.self))
    }
}
