import LlamaStackAPI

extension FileDiagnostic {
    /// {"file", "code", "message", "line"?, "column"?, "hint"?, "severity"?}: the severity of a warning alone.
    package var json: JSON {
        var object: JSONObject = ["file": .string(file), "code": .string(code), "message": .string(message)]
        if let position {
            object["line"] = .integer(Int64(position.line))
            object["column"] = .integer(Int64(position.column))
        }
        if let hint { object["hint"] = .string(hint) }
        if severity == .warning { object["severity"] = "warning" }
        return .object(object)
    }

    /// Decodes a diagnostic that another process sent; nil when the JSON is not one.
    package init?(json: JSON) {
        guard let file = json["file"]?.stringValue, let code = json["code"]?.stringValue,
            let message = json["message"]?.stringValue
        else { return nil }
        var position: Position?
        if case .integer(let line)? = json["line"], case .integer(let column)? = json["column"] {
            position = Position(line: Int(clamping: line), column: Int(clamping: column))
        }
        self.init(
            file: file, position: position, code: code, message: message, hint: json["hint"]?.stringValue,
            severity: json["severity"] == "warning" ? .warning : .error,
            charactersMax: FileDiagnostic.longMessageCharactersMax)
    }
}
