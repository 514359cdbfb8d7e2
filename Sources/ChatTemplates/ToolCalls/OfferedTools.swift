/// The tools of a request, which a reply's calls are checked against.
struct OfferedTools: Sendable {
    private let byName: [String: ChatTool]
    /// The names that a model may call them by, the longest first.
    let names: [String]

    init(_ tools: [ChatTool]) {
        byName = Dictionary(tools.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        names = Set(tools.flatMap { [$0.name, $0.builtin?.nameForModel ?? $0.name] })
            .sorted { ($1.utf8.count, $0) < ($0.utf8.count, $1) }
    }

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

    private static let keys: Set = ["name", "function", "type", "arguments", "parameters", "id", "index"]

    /// `{"name": N, "arguments": {…}}` and its relatives; nil for any other value.
    func call(_ value: TemplateValue) -> ChatToolCall? {
        guard case .map(var object) = value else { return nil }
        if case .map(let inner)? = object["function"] { object = inner }
        // Granite 3 may call the name `type`.
        let named = object["name"] ?? object["function"] ?? object["type"]
        guard let name = named?.text, offers(name) else { return nil }
        switch object["arguments"] ?? object["parameters"] {
        case .map(let arguments)?: return call(name, arguments)
        // Granite 4 puts them into a text.
        case .string(let text)?:
            if text.allSatisfy(\.isWhitespace) { return call(name, [:]) }
            guard case .map(let arguments)? = LiteralReader.value(text) else { return nil }
            return call(name, arguments)
        // No arguments, unless they are written elsewhere.
        case nil, .null?: return object.entries.allSatisfy { Self.keys.contains($0.key) } ? call(name, [:]) : nil
        case .list(let items)? where items.isEmpty: return call(name, [:])
        default: return nil
        }
    }

    /// The calls that a JSON value is: one, a list of nothing else, or such a list as `tool_calls`, as xLAM writes it.
    func calls(_ value: TemplateValue) -> [ChatToolCall]? {
        if case .map(let object) = value, object.entries.count == 1, case .list? = object["tool_calls"] {
            return object["tool_calls"].flatMap { self.calls($0) }
        }
        guard case .list(let items) = value else { return call(value).map { [$0] } }
        let calls = items.compactMap { call($0) }
        return calls.count == items.count ? calls : nil
    }

    /// The value of an argument's text by the type that the tool declares; text where it declares none.
    func value(_ text: String, of parameter: String, in name: String) -> TemplateValue {
        let types = schema(of: parameter, in: name).map(Self.types) ?? []
        if types.isEmpty || types.contains("string") {
            return text == "null" && types.contains("null") ? .null : .string(text)
        }
        return LiteralReader.value(text) ?? LiteralReader.value(text, .python) ?? .string(text)
    }

    func has(_ parameter: String, in name: String) -> Bool { schema(of: parameter, in: name) != nil }

    private func schema(of parameter: String, in name: String) -> TemplateMap? {
        guard case .map(let properties)? = byName[name]?.schema["properties"],
            case .map(let schema)? = properties[parameter]
        else { return nil }
        return schema
    }

    /// The types that a schema admits.
    private static func types(_ schema: TemplateMap) -> Set<String> {
        var types: Set<String> = []
        switch schema["type"] {
        case .string(let type)?: types.insert(type)
        case .list(let named)?: types.formUnion(named.compactMap(\.text))
        default: break
        }
        for key in ["anyOf", "oneOf"] {
            guard case .list(let schemas)? = schema[key] else { continue }
            for case .map(let schema) in schemas { types.formUnion(self.types(schema)) }
        }
        return types
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
