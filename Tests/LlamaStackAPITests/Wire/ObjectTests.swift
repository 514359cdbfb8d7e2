import Synchronization
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

    /// A value whose copies in memory can be counted.
    struct Counted: WireValue {
        final class Mark: Sendable {
            static let alive = Atomic<Int>(0)
            init() { Self.alive.wrappingAdd(1, ordering: .relaxed) }
            deinit { Self.alive.wrappingSubtract(1, ordering: .relaxed) }
        }

        let mark = Mark()
        static var schema: Schema { .any }
        var json: JSON { .null }
        init(json: JSON, at path: FieldPath) throws {}
    }

    /// Values of several sizes and alignments, one of them computed.
    struct Mixed: WireRecord {
        var first: Bool
        var counted: Counted
        var byte: Bool?
        var number: Double
        var word: String?
        static let object = Object(
            "Mixed", { (first, counted, byte, number, word, _: Int) in
                Mixed(first: first, counted: counted, byte: byte, number: number, word: word)
            }, Field("first", \.first), Field("counted", \.counted), Field("byte", \.byte), Field("number", \.number),
            Field("word", \.word), Field("twice", \.twice, whenAbsent: 0))
        private var twice: Int { Int(number) * 2 }
    }

    @Test("a record holds each value once, and one that can't be read leaves none behind")
    func values() throws {
        let json: JSON = ["word": "a long text that has its own memory", "number": 2.5, "counted": 1, "first": true]
        do {
            let mixed = try Mixed(json: json, at: .root)
            #expect(mixed.first && mixed.byte == nil && mixed.number == 2.5)
            #expect(mixed.word == "a long text that has its own memory")
            #expect(mixed.json["twice"] == 4)
            withExtendedLifetime(mixed) { #expect(Counted.Mark.alive.load(ordering: .relaxed) == 1) }
        }
        #expect(Counted.Mark.alive.load(ordering: .relaxed) == 0)
        #expect(throws: WireError(FieldPath.root["number"], "must be a number, got a string")) {
            try Mixed(json: ["first": true, "counted": 1, "number": "2"], at: .root)
        }
        #expect(throws: WireError(FieldPath.root["number"], "is required")) {
            try Mixed(json: ["first": true, "counted": 1], at: .root)
        }
        #expect(Counted.Mark.alive.load(ordering: .relaxed) == 0)
    }
}
