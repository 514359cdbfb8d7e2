/// A schema in a few words, for tables that people read.
struct SchemaWords: Sendable {
    /// How the name of a type that is described elsewhere is written.
    var reference: @Sendable (String) -> String
    /// How what stands in the JSON is written.
    var code: @Sendable (String) -> String

    static let plain = SchemaWords(reference: { $0 }, code: { $0 })
    /// Types are headings of the same page.
    static let markdown = SchemaWords(reference: { "[\($0)](#\($0.lowercased()))" }, code: { "`\($0)`" })

    func words(_ schema: Schema) -> String {
        switch schema {
        case .enumeration(_, let values, let isOpen):
            let known = list(values.map { code(JSON.string($0).text) })
            return isOpen ? "string, an id of the distribution, such as \(known)" : known
        case .record(let record): return reference(record.name)
        case .named(let name, _, _): return reference(name)
        case .any: return "any value"
        case .boolean: return "boolean"
        case .integer(let least, let most): return "integer" + range(least.map { "\($0)" }, most.map { "\($0)" })
        case .number(let least, let most): return "number" + range(least.map { "\($0)" }, most.map { "\($0)" })
        case .string(let format, let pattern, let encoding):
            let what = [format, encoding, pattern.map { "that matches \(code($0))" }].compactMap { $0 }
            return (["string"] + what).joined(separator: ", ")
        case .array(let item, let uniqueItems, _):
            return "array of \(plural(item))" + (uniqueItems ? ", each once" : "")
        case .map(.any), .object: return "object"
        case .map(let value): return "object, each member \(words(value))"
        case .constant(let value): return code(JSON.string(value).text)
        case .oneOf(let members), .anyOf(let members): return list(members.map(words))
        }
    }

    private func plural(_ schema: Schema) -> String {
        switch schema {
        case .boolean, .integer(nil, nil), .number(nil, nil), .string(nil, nil, nil), .object, .map(.any):
            words(schema) + "s"
        default: words(schema)
        }
    }

    private func range(_ least: String?, _ most: String?) -> String {
        switch (least, most) {
        case (let least?, let most?): ", \(least) to \(most)"
        case (let least?, nil): ", at least \(least)"
        case (nil, let most?): ", at most \(most)"
        case (nil, nil): ""
        }
    }

    private func list(_ words: [String]) -> String {
        guard words.count > 1, let last = words.last else { return words.first ?? "" }
        return words.dropLast().joined(separator: ", ") + " or " + last
    }
}
