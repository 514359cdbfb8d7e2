import Calculator
import ProviderKit

/// The draft's `math`, as a calculator of our own: it asks no server.
struct MathTool: BuiltinTool {
    let listed = ListedTool(
        toolName: "math",
        description: """
            Calculates an expression exactly: + - * / ^ ( ) % mod, sqrt, log, ln, sin, round, min, max, mean, \
            factorial, pi, e. Examples: "(12.5 + 7) * 3", "15% of 80", "round(2/3, 2)", "sqrt(2)^10".
            """,
        parameters: [
            "type": "object",
            "properties": ["query": ["type": "string", "description": "The expression, without words."]],
            "required": ["query"], "additionalProperties": false,
        ])

    func run(_ arguments: JSONObject, _ call: Call) async throws -> ToolResult {
        if let unknown = arguments.keys.first(where: { $0 != "query" }) {
            return .failed("'\(unknown.prefix(40))' is no argument: write the whole expression in query")
        }
        guard let query = arguments["query"] else { return .failed("query: is required, an expression such as 2 + 3") }
        guard let expression = query.stringValue else {
            return .failed("query: must be a string, such as \"2 + 3\", got \(query.kind)")
        }
        return try await OffPool.run(bytes: .max) {
            do throws(CalculatorError) {
                return ToolResult(content: .text(try Calculator.evaluate(expression)))
            } catch {
                return .failed("query: \(error)")
            }
        }
    }
}

extension ToolResult {
    /// A sentence that the model can act on.
    static func failed(_ why: String) -> ToolResult { ToolResult(content: .text(why), isError: true) }
}
