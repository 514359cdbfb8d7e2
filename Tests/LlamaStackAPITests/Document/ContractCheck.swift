@testable import LlamaStackAPI

/// Holds the API against the recovered contract of the draft. From the contract alone it works out what the document
/// and the JSON Schemas must be, and compares.
enum ContractCheck {
    /// One line a difference; none when the API is the contract.
    static func differences(contract: JSON, endpoints: [EndpointDescription] = Endpoints.all) -> [String] {
        let endpoints = endpoints.filter { !$0.isExtension }
        let document = OpenAPI.document(of: endpoints)
        let expected = ContractReading(contract)
        return expected.complaints
            + compare("", ["openapi", "info", "servers"].map { ($0, expected.head[$0], document[$0]) })
            + compare("paths", expected.paths, document["paths"])
            + compare("components", expected.components, document["components"]?["schemas"])
            + compare("json_schema_request", contract["json_schema_request"], JSONSchemas.requests(endpoints))
            + compare("json_schema_response", contract["json_schema_response"], JSONSchemas.responses(endpoints))
    }

    private static func compare(_ path: String, _ pairs: [(String, JSON?, JSON?)]) -> [String] {
        pairs.flatMap { compare($0.0, $0.1, $0.2) }
    }

    /// The order of members does not matter, nor that of `required`; descriptions and names of operations are ours.
    private static func compare(_ path: String, _ wanted: JSON?, _ found: JSON?) -> [String] {
        switch (wanted, found) {
        case (nil, nil): return []
        case (let wanted?, nil): return ["\(path): missing, wanted \(short(wanted))"]
        case (nil, let found?): return ["\(path): not in the contract, found \(short(found))"]
        case (.object(let wanted)?, .object(let found)?):
            let ours = found.members.filter { !isProse($0.key, $0.value) }.map(\.key)
            let extra = ours.filter { wanted[$0] == nil }
            return (wanted.keys + extra).flatMap { compare("\(path)/\($0)", wanted[$0], found[$0]) }
        case (.array(let wanted)?, .array(let found)?):
            let isSet = path.hasSuffix("/required")
            let (wanted, found) = isSet ? (sorted(wanted), sorted(found)) : (wanted, found)
            return (0..<max(wanted.count, found.count)).flatMap { index in
                compare("\(path)/\(index)", wanted[safe: index], found[safe: index])
            }
        case (let wanted?, let found?):
            return isSame(wanted, found) ? [] : ["\(path): wanted \(short(wanted)), found \(short(found))"]
        }
    }

    /// Text for people, which a record's field of that name is not: a field's value is a schema.
    private static func isProse(_ key: String, _ value: JSON) -> Bool {
        ["description", "summary", "operationId"].contains(key) && value.stringValue != nil
    }

    private static func sorted(_ items: [JSON]) -> [JSON] { items.sorted { $0.text < $1.text } }

    /// 0 and 0.0 are the same number.
    private static func isSame(_ a: JSON, _ b: JSON) -> Bool {
        switch (a, b) {
        case (.integer(let a), .number(let b)), (.number(let b), .integer(let a)): Double(a) == b
        default: a == b
        }
    }

    private static func short(_ json: JSON) -> String { Quote.short(json.text) }
}

extension Array {
    fileprivate subscript(safe index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}
