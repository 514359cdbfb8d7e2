import LlamaStackAPI

/// Valid values made from a schema, and every way to spoil them in one place: for checks that requests are decoded
/// strictly.
package enum Samples {
    /// A valid value with every field there is; with `isMinimal`, only those that are required.
    package static func sample(for schema: Schema, isMinimal: Bool = false) -> JSON {
        switch schema {
        case .any, .map(.any): return schema.matches("x") ? "x" : ["key": "value"]
        case .boolean: return true
        case .integer(let least, _): return .integer(least ?? 1)
        case .number(let least, _): return .number(least ?? 0.5)
        case .string(let format, let pattern, let encoding): return string(format, pattern, encoding)
        case .array(let item, _, _): return isMinimal ? [] : [sample(for: item)]
        case .map(let value): return isMinimal ? [:] : ["key": sample(for: value)]
        case .object: return isMinimal ? [:] : ["key": "value"]
        case .enumeration(_, let values, _): return .string(values.first ?? "")
        case .constant(let value): return .string(value)
        case .oneOf(let members), .anyOf(let members):
            return members.first.map { sample(for: $0, isMinimal: isMinimal) } ?? .null
        case .named(_, _, let schema): return sample(for: schema, isMinimal: isMinimal)
        case .record(let record): return sample(of: record.properties, isMinimal: isMinimal)
        }
    }

    /// The same for the parameters of a query.
    package static func sample(of properties: [Schema.Property], isMinimal: Bool = false) -> JSON {
        var object = JSONObject()
        for property in properties where property.isRequired || !isMinimal {
            object[property.key] = sample(of: property, isMinimal: isMinimal)
        }
        return .object(object)
    }

    /// A field's default tells more than its schema what fits there.
    private static func sample(of property: Schema.Property, isMinimal: Bool) -> JSON {
        switch property.default {
        case nil, .array, .object: sample(for: property.schema, isMinimal: isMinimal)
        case let value?: value
        }
    }

    private static func string(_ format: String?, _ pattern: String?, _ encoding: String?) -> JSON {
        if format == "date-time" { return "2024-07-11T10:10:30Z" }
        if encoding != nil { return "aGVsbG8=" }
        return pattern != nil ? "https://example.com/data" : "text"
    }

    /// A valid value, spoiled.
    package struct Mutation: Sendable {
        package var json: JSON
        /// The field that an error must name; empty for the whole value.
        package var field: String
        package var why: String
    }

    /// Every single mutation of every alternative of every field.
    package static func mutations(of schema: Schema) -> [Mutation] {
        mutations(of: schema, at: .root).filter { !schema.matches($0.json) }
    }

    private static func mutations(of schema: Schema, at path: FieldPath) -> [Mutation] {
        // For an empty object, a record says which field is missing: that is another mutation.
        let wrongTypes: [JSON] = [.null, true, 1, 1.5, "not a valid one", []] + (holdsRecord(schema) ? [] : [[:]])
        var found = wrongTypes.filter { !schema.matches($0) }.map {
            Mutation(json: $0, field: path.description, why: "\($0.kind) instead")
        }
        switch schema {
        case .array(let item, let uniqueItems, _):
            found += mutations(of: item, at: path[0]).map { $0.wrapped { [$0] } }
            if uniqueItems {
                let item = sample(for: item)
                found.append(Mutation(json: [item, item], field: path[1].description, why: "an item twice"))
            }
        case .map(let value): found += mutations(of: value, at: path["key"]).map { $0.wrapped { ["key": $0] } }
        case .oneOf(let members), .anyOf(let members):
            for member in members { found += mutations(of: member, at: path).filter { isInside(path, $0.field) } }
        case .named("URL", _, _):
            found.append(Mutation(json: "ftp://example.com", field: path.description, why: "a bad scheme"))
        case .named(_, _, let schema): found += mutations(of: schema, at: path)
        case .record(let record): found += mutations(of: record, at: path)
        default: break
        }
        return found
    }

    private static func mutations(of record: Schema.Record, at path: FieldPath) -> [Mutation] {
        guard case .object(let whole) = sample(for: .record(record)) else { return [] }
        var found: [Mutation] = []
        func add(_ key: String, _ value: JSON?, _ field: String, _ why: String) {
            var object = whole
            object[key] = value
            found.append(Mutation(json: .object(object), field: field, why: why))
        }
        for property in record.properties {
            let field = path[property.key]
            if property.isRequired { add(property.key, nil, field.description, "\(property.key) missing") }
            for inner in mutations(of: property.schema, at: field) where property.isRequired || inner.json != .null {
                add(property.key, inner.json, inner.field, "\(property.key): \(inner.why)")
            }
        }
        if !record.isOpen { add("no_such_field", 1, path["no_such_field"].description, "an unknown field") }
        return found
    }

    private static func holdsRecord(_ schema: Schema) -> Bool {
        switch schema {
        case .record: true
        case .oneOf(let members), .anyOf(let members): members.contains(where: holdsRecord)
        case .named(_, _, let schema): holdsRecord(schema)
        default: false
        }
    }

    /// Only what is wrong inside of one alternative is wrong for all.
    private static func isInside(_ path: FieldPath, _ field: String) -> Bool { field != path.description }
}

extension Samples.Mutation {
    fileprivate func wrapped(_ wrap: (JSON) -> JSON) -> Self { Self(json: wrap(json), field: field, why: why) }
}
