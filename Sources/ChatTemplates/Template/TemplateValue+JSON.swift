import LlamaStackAPI

// The wire's JSON and a template's values are the same tree under two names; the latter may hold control tokens, too.

extension TemplateValue {
    package init(_ json: JSON) {
        self =
            switch json {
            case .null: .null
            case .bool(let value): .bool(value)
            case .integer(let value): .int(Int(value))
            case .number(let value): .double(value)
            case .exact(let value): .exact(value)
            case .string(let value): .string(value)
            case .array(let items): .list(items.map(TemplateValue.init))
            case .object(let object): .map(TemplateMap(object))
            }
    }
}

extension TemplateMap {
    package init(_ object: JSONObject) {
        self.init(object.members.map { ($0.key, TemplateValue($0.value)) })
    }
}

extension JSON {
    package init(_ value: TemplateValue) {
        self =
            switch value {
            case .null: .null
            case .bool(let value): .bool(value)
            case .int(let value): .integer(Int64(value))
            case .double(let value): .number(value)
            case .exact(let value): .exact(value)
            case .string(let value), .control(let value): .string(value)
            case .said(let value, _): JSON(value)
            case .list(let items): .array(items.map(JSON.init))
            case .map(let map): .object(JSONObject(map))
            }
    }
}

extension JSONObject {
    package init(_ map: TemplateMap) {
        self.init()
        for entry in map.entries { self[entry.key] = JSON(entry.value) }
    }
}
