import LlamaStackAPI

/// The keywords of one schema, read as the types that they must have.
struct Keywords {
    let object: JSONObject
    /// The schema's JSON Pointer.
    let place: String
    let draft: Draft?

    /// nil where it is absent or no keyword of the draft.
    subscript(keyword: String) -> JSON? { Draft.has(keyword, draft) ? object[keyword] : nil }

    /// Before 2019, what stands beside a `$ref` is ignored.
    var isReferenceAlone: Bool { (draft.map { $0 <= .draft7 } ?? false) && object["$ref"] != nil }

    /// A `$ref` with nothing beside it that judges or names.
    var areReferenceAndAnnotations: Bool {
        object["$ref"] != nil && object.members.allSatisfy { $0.key == "$ref" || Self.annotations.contains($0.key) }
    }

    private static let annotations: Set<String> = [
        "$comment", "default", "deprecated", "description", "examples", "readOnly", "title", "writeOnly",
    ]

    func failure(_ keyword: String, _ message: String, _ kind: SchemaError.Kind = .invalid) -> SchemaError {
        SchemaError(kind, place, keyword, message)
    }

    func place(_ tokens: String...) -> String {
        tokens.reduce(place) { $0 + "/" + JSONPointer.escaped($1) }
    }

    func wrong(_ keyword: String, _ wanted: String, _ value: JSON) -> SchemaError {
        failure(keyword, "must be \(wanted), got \(Excerpt.text(of: value))")
    }

    /// 0 or more. A number beyond `Int` bounds nothing that there is.
    func count(_ keyword: String) throws(SchemaError) -> Int? {
        guard let value = self[keyword] else { return nil }
        guard value.isWhole, let order = value.compared(to: 0), order >= 0 else {
            throw wrong(keyword, "a whole number, 0 or more", value)
        }
        if case .integer(let integer) = value { return Int(clamping: integer) }
        guard let double = value.numberValue, double < 9e18 else { return .max }
        return Int(double)
    }

    func number(_ keyword: String) throws(SchemaError) -> JSON? {
        guard let value = self[keyword] else { return nil }
        guard value.numberValue != nil else { throw wrong(keyword, "a number", value) }
        return value
    }

    func text(_ keyword: String) throws(SchemaError) -> String? {
        guard let value = self[keyword] else { return nil }
        guard let text = value.stringValue else { throw wrong(keyword, "a string", value) }
        return text
    }

    func flag(_ keyword: String) throws(SchemaError) -> Bool? {
        guard let value = self[keyword] else { return nil }
        guard case .bool(let flag) = value else { throw wrong(keyword, "true or false", value) }
        return flag
    }

    func list(_ keyword: String) throws(SchemaError) -> [JSON]? {
        guard let value = self[keyword] else { return nil }
        guard case .array(let items) = value else { throw wrong(keyword, "a list", value) }
        return items
    }

    func members(_ keyword: String) throws(SchemaError) -> [JSONObject.Member]? {
        guard let value = self[keyword] else { return nil }
        guard case .object(let object) = value else { throw wrong(keyword, "an object", value) }
        return object.members
    }

    /// Each once.
    func names(_ keyword: String) throws(SchemaError) -> [String]? {
        guard let value = self[keyword] else { return nil }
        return try names(value, keyword)
    }

    func names(_ value: JSON, _ keyword: String) throws(SchemaError) -> [String] {
        guard case .array(let items) = value else { throw wrong(keyword, "a list of property names", value) }
        var names: [String] = []
        var seen: Set<String> = []
        for item in items {
            guard let name = item.stringValue else { throw wrong(keyword, "a list of property names", value) }
            if seen.insert(name).inserted { names.append(name) }
        }
        return names
    }
}

extension JSON {
    /// A number without a fraction: 1, 1.0 and 1e400.
    var isWhole: Bool {
        switch self {
        case .integer: true
        case .number(let value): value.isFinite && value.rounded(.towardZero) == value
        case .exact: Digits(self).map { $0.digits.count <= $0.exponent || $0.digits.isEmpty } ?? false
        case .null, .bool, .string, .array, .object: false
        }
    }
}
