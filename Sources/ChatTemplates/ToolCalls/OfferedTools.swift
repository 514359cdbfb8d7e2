/// The tools of a request, as a reply's calls are held against them.
struct OfferedTools: Sendable {
    private let byName: [String: ChatTool]

    init(_ tools: [ChatTool]) {
        byName = Dictionary(tools.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    var isEmpty: Bool { byName.isEmpty }
    var builtins: [ChatTool.Builtin] { ChatTool.Builtin.allCases.filter { byName[$0.rawValue] != nil } }

    func offers(_ builtin: ChatTool.Builtin) -> Bool { byName[builtin.rawValue] != nil }

    func offers(_ name: String) -> Bool {
        byName[name] != nil || ChatTool.Builtin(anyName: name).map { offers($0) } ?? false
    }

    /// The call of the tool of this name; nil where none was offered.
    ///
    /// A call in any form that names a built-in becomes a call of that built-in, by the draft's name, with one
    /// argument: its own if that is there, else the first value given.
    func call(_ name: String, _ arguments: TemplateMap) -> ChatToolCall? {
        guard let builtin = ChatTool.Builtin(anyName: name), name == builtin.rawValue || byName[name] == nil else {
            return byName[name].map { ChatToolCall(name: $0.name, arguments: arguments) }
        }
        guard let tool = byName[builtin.rawValue] else { return nil }
        if name == builtin.rawValue, !tool.parameters.isEmpty { return ChatToolCall(name: name, arguments: arguments) }
        let value = arguments[builtin.argument] ?? arguments.entries.first?.value ?? ""
        return ChatToolCall(name: builtin.rawValue, arguments: [builtin.argument: value])
    }

    /// `{"name": N, "arguments": {…}}` and its relatives; nil for any other value.
    func call(_ value: TemplateValue) -> ChatToolCall? {
        guard case .map(var object) = value else { return nil }
        if case .map(let inner)? = object["function"] { object = inner }
        guard let name = ["name", "function", "type"].lazy.compactMap({ object[$0]?.text }).first(where: offers) else {
            return nil
        }
        switch object["arguments"] ?? object["parameters"] {
        case .map(let arguments)?: return call(name, arguments)
        // Granite 4 puts them into a text.
        case .string(let text)?:
            if text.allSatisfy(\.isWhitespace) { return call(name, [:]) }
            guard case .map(let arguments)? = LiteralReader.value(text) else { return nil }
            return call(name, arguments)
        case nil, .null?: return call(name, [:])
        default: return nil
        }
    }

    /// The calls that a JSON value is: one, or a list of nothing else.
    func calls(_ value: TemplateValue) -> [ChatToolCall]? {
        guard case .list(let items) = value else { return call(value).map { [$0] } }
        let calls = items.compactMap { call($0) }
        return calls.count == items.count ? calls : nil
    }

    /// What the text of an argument stands for, by the type that the tool declares.
    func value(_ text: String, of parameter: String, in name: String) -> TemplateValue {
        guard case .map(let properties)? = byName[name]?.schema["properties"],
            case .map(let property)? = properties[parameter], let type = property["type"], type != .string("string")
        else { return .string(text) }
        if let value = LiteralReader.value(text) ?? LiteralReader.value(text, .python) { return value }
        return .string(text)
    }

    func has(_ parameter: String, in name: String) -> Bool {
        guard case .map(let properties)? = byName[name]?.schema["properties"] else { return false }
        return properties[parameter] != nil
    }
}

extension TemplateValue {
    fileprivate var text: String? { if case .string(let text) = self { text } else { nil } }

    /// The definition of a tool, which looks like a call of it.
    var isDefinition: Bool {
        guard case .map(let object) = self else { return false }
        guard case .map(let schema)? = object["parameters"] else { return object["function"]?.isDefinition ?? false }
        return schema["type"] == .string("object") && schema["properties"] != nil
    }
}
