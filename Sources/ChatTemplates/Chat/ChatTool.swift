import JSONSchema
import LlamaStackAPI

/// A tool that the model may call.
package struct ChatTool: Sendable, Equatable {
    package var name: String
    package var summary: String
    /// A JSON Schema object (`type`, `properties`, `required`), or name -> `{param_type, description, required}`.
    package var parameters: TemplateMap

    package init(name: String, summary: String = "", parameters: TemplateMap = [:]) {
        (self.name, self.summary, self.parameters) = (name, summary, parameters)
    }

    /// The tools that the draft names.  Llama 3.1 knows them by other names.
    package enum Builtin: String, Sendable, CaseIterable {
        case webSearch = "web_search"
        case math
        case imageGen = "image_gen"
        case codeInterpreter = "code_interpreter"

        package var nameForModel: String {
            switch self {
            case .webSearch: "brave_search"
            case .math: "wolfram_alpha"
            case .imageGen: "photogen"
            case .codeInterpreter: "code_interpreter"
            }
        }

        /// The argument that a call of it carries.
        package var argument: String { self == .codeInterpreter ? "code" : "query" }

        /// By the draft's name or by the model's.
        package init?(anyName: String) {
            guard let found = Self.allCases.first(where: { $0.rawValue == anyName || $0.nameForModel == anyName })
            else { return nil }
            self = found
        }
    }

    package var builtin: Builtin? { Builtin(rawValue: name) }

    /// The parameters as a JSON Schema object, whichever of the two forms they came in, with types in its words.
    package var schema: TemplateMap { TemplateMap(ToolParameters.schema(of: JSONObject(parameters))) }

    /// A built-in tool that came without parameters still has one.
    package var completed: ChatTool {
        guard let builtin, parameters.isEmpty else { return self }
        var tool = self
        if tool.summary.isEmpty {
            tool.summary =
                switch builtin {
                case .webSearch: "Searches the web."
                case .math: "Answers a question of mathematics or of facts."
                case .imageGen: "Makes a picture from its description."
                case .codeInterpreter: "Runs Python source and returns what it prints."
                }
        }
        tool.parameters = [
            "type": "object", "properties": .map([builtin.argument: ["type": "string"]]),
            "required": [.string(builtin.argument)],
        ]
        return tool
    }

    /// The draft has no place for a summary but the schema.
    var shownSummary: String {
        if summary.isEmpty, case .string(let text)? = parameters["description"] { text } else { summary }
    }

    /// `{"type": "function", "function": {…}}`, the form that the templates of models take.
    package var definition: TemplateMap {
        [
            "type": "function",
            "function": ["name": .string(name), "description": .string(shownSummary), "parameters": .map(schema)],
        ]
    }
}
