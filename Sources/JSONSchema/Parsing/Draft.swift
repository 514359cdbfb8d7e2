/// A version of JSON Schema: which keywords it has.
enum Draft: Int, Comparable, CaseIterable {
    case draft4 = 4
    case draft6 = 6
    case draft7 = 7
    case draft2019 = 2019
    case draft2020 = 2020

    private static let uris: [String: Draft] = [
        "http://json-schema.org/draft-04/schema": .draft4,
        "http://json-schema.org/draft-06/schema": .draft6,
        "http://json-schema.org/draft-07/schema": .draft7,
        "http://json-schema.org/schema": .draft2020,
        "https://json-schema.org/schema": .draft2020,
        "https://json-schema.org/draft/2019-09/schema": .draft2019,
        "https://json-schema.org/draft/2020-12/schema": .draft2020,
    ]

    /// - Parameter uri: a value of `$schema`. `https` for the older ones is a slip that is often made.
    init?(uri: String) {
        let uri = uri.hasSuffix("#") ? String(uri.dropLast()) : uri
        let plain = uri.hasPrefix("https://json-schema.org/draft-") ? "http" + uri.dropFirst(5) : uri
        guard let draft = Self.uris[plain] else { return nil }
        self = draft
    }

    /// By the draft that brought them; the others were there from the first.
    private static let first: [String: Draft] = [
        "$id": .draft6, "const": .draft6, "contains": .draft6, "propertyNames": .draft6,
        "if": .draft7, "then": .draft7, "else": .draft7,
        "$anchor": .draft2019, "$defs": .draft2019, "$recursiveRef": .draft2019, "dependentRequired": .draft2019,
        "dependentSchemas": .draft2019, "maxContains": .draft2019, "minContains": .draft2019,
        "unevaluatedItems": .draft2019, "unevaluatedProperties": .draft2019,
        "$dynamicAnchor": .draft2020, "$dynamicRef": .draft2020, "prefixItems": .draft2020,
    ]

    private static let last: [String: Draft] = [
        "id": .draft4, "additionalItems": .draft2019, "$recursiveRef": .draft2019,
    ]

    /// Whether a keyword means something. A schema that names no draft may use those of all, but for `id`, which is a
    /// property's name as often as the keyword of draft 4.
    static func has(_ keyword: String, _ draft: Draft?) -> Bool {
        guard let draft else { return keyword != "id" }
        return (first[keyword] ?? .draft4) <= draft && draft <= (last[keyword] ?? .draft2020)
    }

    static func < (one: Draft, two: Draft) -> Bool { one.rawValue < two.rawValue }
}
