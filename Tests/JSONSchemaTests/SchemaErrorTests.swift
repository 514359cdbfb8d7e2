import JSONSchema
import LlamaStackAPI
import Testing

struct SchemaErrorTests {
    private func mistake(_ schema: JSON, _ limits: SchemaLimits = SchemaLimits()) -> String? {
        do throws(SchemaError) {
            _ = try ValueSchema(parsing: schema, limits: limits)
            return nil
        } catch { return "\(error)" }
    }

    @Test("an error names the place, the keyword, what was found and what was wanted")
    func mistakes() {
        #expect(
            mistake(["properties": ["a": ["minLength": -1]]])
                == "#/properties/a: minLength must be a whole number, 0 or more, got -1")
        #expect(
            mistake(["type": "strng"])
                == "#: type must be string, integer, number, boolean, array, object or null, got \"strng\" (did you mean 'string'?)"
        )
        #expect(mistake(["items": 3]) == "#/items: must be a schema, which is an object, true or false; got 3")
        #expect(mistake(["required": "a"]) == "#: required must be a list of property names, got \"a\"")
        #expect(
            mistake(["pattern": "(?=a)"])
                == "#: pattern \"(?=a)\": at byte 0: look-ahead '(?=' is not supported: it needs back-tracking")
        #expect(mistake(["anyOf": []]) == "#: anyOf must have at least one schema")
    }

    @Test("a reference stays in the document")
    func references() {
        #expect(
            mistake(["$ref": "https://example.com/a.json"])
                == "#: $ref \"https://example.com/a.json\" leads out of the document; nothing is fetched")
        #expect(
            mistake(["$ref": "#/$defs/a"]) == "#: $ref \"#/$defs/a\" leads to no schema: there is nothing at #/$defs/a")
    }

    @Test("a ring of references without a step into the value is refused; one with a step is taken")
    func rings() throws {
        #expect(mistake(["$ref": "#"]) == "#: $ref leads back to itself before it looks into the value: # → #")
        let ring: JSON = ["$defs": ["a": ["anyOf": [["$ref": "#/$defs/b"]]], "b": ["not": ["$ref": "#/$defs/a"]]]]
        #expect(mistake(ring)?.contains("leads back to itself") == true)
        let tree: JSON = ["type": "object", "properties": ["next": ["$ref": "#"]]]
        #expect(
            try ValueSchema(parsing: tree).validate(["next": ["next": 3]]).map(\.description) == [
                "next.next: must be an object, got 3"
            ])
    }

    @Test("each limit is an error with its number and its name")
    func limits() {
        var limits = SchemaLimits()
        limits.bytesMax = 10
        #expect(mistake(["title": "123"], limits) == "#: has 15 bytes; the limit is 10 (bytesMax)")
        var deep: JSON = [:]
        for _ in 0..<32 { deep = ["items": deep] }
        #expect(mistake(deep)?.hasSuffix("is too deep in other schemas; the limit is 32 (depthMax)") == true)
        let many = JSON.array(Array(repeating: .bool(true), count: 4_096))
        #expect(mistake(["anyOf": many]) == "#/anyOf/4095: is one schema too many; the limit is 4096 (subschemasMax)")
        let values = JSON.array((0..<1_025).map { .integer($0) })
        #expect(mistake(["enum": values]) == "#: enum has 1025 values; the limit is 1024 (enumValuesMax)")
        #expect(
            mistake(["pattern": .string(String(repeating: "a", count: 1_025))])?.hasSuffix(
                "has 1025 bytes; the limit is 1024 (bytesMax)") == true)
    }

    @Test("a validation ends at its limit of steps and says so")
    func steps() throws {
        // Each level doubles the work.
        var definitions = JSONObject()
        definitions["d0"] = ["type": "string"]
        for level in 1...30 {
            let below: JSON = ["$ref": .string("#/$defs/d\(level - 1)")]
            definitions["d\(level)"] = ["allOf": [below, below]]
        }
        let schema = try ValueSchema(parsing: ["$defs": .object(definitions), "$ref": "#/$defs/d30"])
        #expect(
            schema.validate("a").map(\.description) == [
                "can't be checked: that takes more than 500000 steps (stepsMax)"
            ])
    }

    @Test("a validation that goes too deep ends and says so")
    func nesting() throws {
        var definitions = JSONObject()
        definitions["d0"] = ["type": "string"]
        for level in 1...3_000 { definitions["d\(level)"] = ["$ref": .string("#/$defs/d\(level - 1)")] }
        let chain = try ValueSchema(
            parsing: ["$defs": .object(definitions), "$ref": "#/$defs/d3000"], limits: larger(bytes: 1 << 20))
        #expect(chain.validate("a").map(\.keyword) == ["nestingMax"])
        #expect(
            try ValueSchema(
                parsing: ["$defs": .object(definitions), "$ref": "#/$defs/d200"], limits: larger(bytes: 1 << 20)
            ).validate("a").isEmpty)

        var deep: JSON = []
        for _ in 0..<500 { deep = [deep] }
        #expect(try ValueSchema(parsing: ["items": ["$ref": "#"]]).validate(deep).map(\.keyword) == ["nestingMax"])
    }

    private func larger(bytes: Int) -> SchemaLimits {
        var limits = SchemaLimits()
        limits.bytesMax = bytes
        return limits
    }

    @Test("a hostile pattern, name or value costs no more than its steps")
    func hostile() throws {
        let text = JSON.string(String(repeating: "ab", count: 100_000))
        for pattern in ["(.{0,200}x){3}y", "(.*a){12}z", "(?:a?){300}a{300}$", "^(([a-z])+.)+[A-Z]$"] {
            let violations = try ValueSchema(parsing: ["pattern": .string(pattern)]).validate(text)
            #expect(["pattern", "stepsMax"].contains(violations.first?.keyword), "\(pattern)")
        }
        let name = String(repeating: "n", count: 30_000)
        let children = JSON.array(Array(repeating: .object([:]), count: 4_000))
        #expect(mistake(["properties": ["\(name)": ["anyOf": children]]])?.contains("(placeBytesMax)") == true)
        let many = JSON.array((0..<100_000).map { .integer($0) })
        let forms: JSON = ["items": ["anyOf": [["type": "string"], ["enum": ["a", [:]]], ["maximum": -1]]]]
        let violations = try ValueSchema(parsing: forms).validate(many)
        #expect(violations.count == 100 && violations.last?.keyword == "maximum")
    }
}
