@testable import LlamaStackAPI

/// The document as it must be, worked out from the contract's own words ("array<ToolCall>", "map<any>") and nothing of
/// ours.
struct ContractReading {
    private let contract: JSON
    /// Words that could not be read: each is a difference.
    private(set) var complaints: [String] = []
    private(set) var paths: JSON = [:]
    private(set) var components: JSON = [:]

    init(_ contract: JSON) {
        self.contract = contract
        var paths = JSONObject(), components = JSONObject()
        for (path, route) in members(contract["paths"]) {
            paths[path] = [(route["method"]?.stringValue ?? "?").lowercased(): operation(route)]
        }
        for (name, record) in members(contract["schemas"]) where record["component"] == true {
            components[name] = definition(record)
        }
        var url = members(contract["aliases"]?["URL"])
        url.removeAll { $0.key == "note" }
        components["URL"] = .object(
            JSONObject(uncheckedMembers: url.map { JSONObject.Member(key: $0.key, value: $0.value) }))
        (self.paths, self.components) = (.object(paths), .object(components))
        checkCounts()
    }

    var head: JSON {
        let meta = contract["meta"]
        return [
            "openapi": meta?["openapi"] ?? .null,
            "info": ["title": meta?["title"] ?? .null, "version": meta?["version"] ?? .null],
            "servers": [["url": meta?["server"] ?? .null]],
        ]
    }

    private mutating func checkCounts() {
        let counts = [
            ("paths", contract["paths"]), ("schemas", contract["schemas"]), ("enums", contract["enums"]),
            ("components_in_yaml", components),
        ]
        for (name, value) in counts where contract["meta"]?[name] != .integer(Int64(members(value).count)) {
            complaints.append("meta/\(name): the contract has \(members(value).count) of them")
        }
    }

    private func members(_ json: JSON?) -> [(key: String, value: JSON)] {
        json?.objectValue?.members.map { ($0.key, $0.value) } ?? []
    }

    // MARK: Routes

    private mutating func operation(_ route: JSON) -> JSON {
        var operation: JSONObject = ["tags": [route["tag"] ?? .null]]
        operation["parameters"] = .array(
            members(route["query"]).map { name, query in
                [
                    "name": .string(name), "in": "query", "required": query["required"] ?? .null,
                    "schema": ["type": query["type"] ?? .null],
                ]
            })
        if let body = route["body"]?.stringValue, let media = route["body_media_type"]?.stringValue {
            operation["requestBody"] = ["required": true, "content": [media: ["schema": type(body)]]]
        }
        var content = JSONObject()
        for answer in [route["response"], route["response_stream"]] {
            guard let media = answer?["media_type"]?.stringValue, let name = answer?["type"]?.stringValue else {
                continue
            }
            content[media] = ["schema": type(name)]
        }
        let status = route["status"]?.text ?? "?"
        operation["responses"] = [status: content.isEmpty ? [:] : ["content": .object(content)]]
        return .object(operation)
    }

    // MARK: Types

    private mutating func definition(_ record: JSON) -> JSON {
        var properties = JSONObject()
        for (name, field) in members(record["fields"]) {
            var schema = type(field["type"]?.stringValue ?? "?").objectValue ?? JSONObject()
            if let constant = field["const"] { schema = ["type": "string", "const": constant] }
            if let value = field["default"], value != .null { schema["default"] = value }
            properties[name] = .object(schema)
        }
        return [
            "type": "object", "properties": .object(properties), "required": record["openapi_required"] ?? .null,
            "additionalProperties": record["additional_properties"] ?? .null,
        ]
    }

    private mutating func type(_ word: String) -> JSON {
        if let members = union(word) { return members }
        if let (kind, inner) = generic(word) {
            switch kind {
            case "array": return ["type": "array", "items": type(inner)]
            case "set": return ["type": "array", "items": type(inner), "uniqueItems": true]
            case "map": return ["type": "object", "additionalProperties": type(inner)]
            default: break
            }
        }
        switch word {
        case "string", "integer", "number", "boolean", "object": return ["type": .string(word)]
        case "base64": return ["type": "string", "contentEncoding": "base64"]
        case "date-time": return ["type": "string", "format": "date-time"]
        case "any":
            let kinds = ["null", "boolean", "number", "string", "array", "object"]
            return ["oneOf": .array(kinds.map { ["type": .string($0)] })]
        case "URL": return reference(word)
        default: break
        }
        if let values = contract["enums"]?[word] { return ["type": "string", "enum": values] }
        if let record = contract["schemas"]?[word] {
            return record["component"] == true ? reference(word) : definition(record)
        }
        if let alias = contract["aliases"]?[word]?.stringValue { return type(alias) }
        complaints.append("the contract's type '\(word)' is unknown")
        return .null
    }

    private func reference(_ name: String) -> JSON { ["$ref": .string("#/components/schemas/\(name)")] }

    private func generic(_ word: String) -> (kind: String, inner: String)? {
        guard word.hasSuffix(">"), let open = word.firstIndex(of: "<") else { return nil }
        return (String(word[..<open]), String(word[word.index(after: open)...].dropLast()))
    }

    /// `a | b` outside angle brackets. Unions that overlap are anyOf, the others oneOf as in the draft.
    private mutating func union(_ word: String) -> JSON? {
        var parts = [""], depth = 0
        for character in word {
            depth += character == "<" ? 1 : character == ">" ? -1 : 0
            if character == "|", depth == 0 { parts.append("") } else { parts[parts.count - 1].append(character) }
        }
        guard parts.count > 1 else { return nil }
        let names = parts.map { part in String(part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()) }
        let overlaps = names.contains("BuiltinTool") || names.contains("LoraFinetuningConfig")
        return [overlaps ? "anyOf" : "oneOf": .array(names.map { type($0) })]
    }
}
