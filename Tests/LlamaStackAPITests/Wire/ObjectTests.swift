import Testing

@testable import LlamaStackAPI

/// One declaration changes decoding, encoding, strictness and schema alike.
struct ObjectTests {
    struct Short: WireRecord, Hashable {
        var name: String
        static let object = Object("Probe", Self.init(name:), Field("name", \.name))
    }

    /// The same with one more field.
    struct Long: WireRecord, Hashable {
        var name: String
        var size: Int
        static let object = Object(
            "Probe", Self.init(name:size:), Field("name", \.name),
            Field("size", \.size, default: 3, check: .atLeast(0), "How big."))
    }

    @Test("a field that is declared is decoded, written, defaulted, described, and no longer unknown")
    func oneMoreField() throws {
        let json: JSON = ["name": "a", "size": 5]
        #expect(throws: WireError(FieldPath.root["size"], "is not a field of Probe; it has name")) {
            try Short(json: json, at: .root)
        }
        #expect(try Long(json: json, at: .root) == Long(name: "a", size: 5))
        #expect(try Long(json: ["name": "a"], at: .root).json == ["name": "a", "size": 3])
        #expect(throws: WireError(FieldPath.root["size"], "must be at least 0, got -1")) {
            try Long(json: ["name": "a", "size": -1], at: .root)
        }
        let short = Short.schema.openAPIDefinition, long = Long.schema.openAPIDefinition
        #expect(short["properties"]?["size"] == nil && short["required"] == ["name"])
        #expect(long["properties"]?["size"] == ["type": "integer", "default": 3, "description": "How big."])
        #expect(long["required"] == ["name", "size"])
        #expect(JSONSchemas(isRequest: true).definition(of: Long.schema)["required"] == ["name"])
        #expect(JSONSchemas(isRequest: false).definition(of: Long.schema)["required"] == ["name", "size"])
    }

    @Test("an endpoint with that record prints it and refuses with it")
    func endpoint() throws {
        let endpoint = Endpoint<Nothing, Long, Nothing, Nothing>(.inference, "probe", .post, "/probe", summary: "")
        let document = OpenAPI.document(of: [endpoint.description])
        #expect(document["components"]?["schemas"]?["Probe"]?["properties"]?["size"] != nil)
        #expect(throws: WireError(FieldPath.root["sise"], "is not a field of Probe (did you mean 'size'?)")) {
            try endpoint.decodeBody(Array(#"{"name":"a","sise":1}"#.utf8))
        }
    }
}
