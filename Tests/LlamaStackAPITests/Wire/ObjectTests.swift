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

    /// Two fields that other records share, in the place of one of theirs.
    struct Bounds: WireRecord, Hashable {
        var least: Int
        var name: String?
        static let object: Object<Self> = object(least: 1)
        static func object(least: Int) -> Object<Self> {
            Object(
                "Bounds", isComponent: false, Self.init,
                Field("least", \.least, default: least, check: .within(0...9), "The lower one."), Field("name", \.name))
        }
    }

    struct Outer: WireRecord, Hashable {
        var first: Bool
        var bounds: Bounds
        var last: String
        static let object = Object(
            "Outer", Self.init, Field("first", \.first, default: false), Inline(\.bounds, Bounds.object(least: 2)),
            Field("last", \.last))
    }

    struct Outermost: WireRecord, Hashable {
        var outer: Outer
        static let object = Object("Outermost", Self.init, Inline(\.outer, Outer.object))
    }

    @Test("the fields of an inlined record stand at its owner's level, in their place, however deep it is inlined")
    func inlined() throws {
        let outer = Outer(first: true, bounds: Bounds(least: 5, name: "n"), last: "l")
        let json: JSON = ["first": true, "least": 5, "name": "n", "last": "l"]
        #expect(try Outer(json: json, at: .root) == outer)
        #expect(try Outermost(json: json, at: .root) == Outermost(outer: outer))
        for record: any WireRecord in [outer, Outermost(outer: outer)] {
            #expect(record.json == json)
            #expect(String(decoding: record.jsonBytes, as: UTF8.self) == json.text)
        }
        #expect(try Outer(json: ["last": "l"], at: .root).json == ["first": false, "least": 2, "last": "l"])
        let bare = Outer(first: false, bounds: Bounds(least: 2, name: nil), last: "l")
        #expect(String(decoding: bare.jsonBytes, as: UTF8.self) == #"{"first":false,"least":2,"last":"l"}"#)
    }

    @Test("mistakes in an inlined record name its owner's field; the schema has its fields with their texts")
    func inlinedMistakes() throws {
        #expect(throws: WireError(FieldPath.root["least"], "must be in 0...9, got 10")) {
            try Outermost(json: ["last": "l", "least": 10], at: .root)
        }
        #expect(throws: WireError(FieldPath.root["leest"], "is not a field of Outermost (did you mean 'least'?)")) {
            try Outermost(json: ["last": "l", "leest": 1], at: .root)
        }
        let schema = Outermost.schema.openAPIDefinition
        #expect(schema["properties"]?["least"] == ["type": "integer", "default": 2, "description": "The lower one."])
        #expect(schema["properties"]?["bounds"] == nil)
        #expect(Outermost.object.properties.map(\.key) == ["first", "least", "name", "last"])
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
