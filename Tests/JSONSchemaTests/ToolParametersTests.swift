import JSONSchema
import LlamaStackAPI
import Testing

struct ToolParametersTests {
    @Test(
        "a parameter's type is read in whatever word it comes",
        arguments: [
            ("str", "string"), ("String", "string"), ("int", "integer"), ("float", "number"), ("double", "number"),
            ("bool", "boolean"), ("list", "array"), ("Tuple", "array"), ("dict", "object"),
            ("Dict[str, int]", "object"),
            ("None", "null"), ("HashMap", "object"), ("ArrayList", "array"),
        ])
    func words(given: String, wanted: String) {
        for key in ["param_type", "type"] {
            let property: JSONObject = [key: .string(given)]
            #expect(
                ToolParameters.schema(of: ["x": .object(property)])
                    == ["type": "object", "properties": ["x": ["type": .string(wanted)]], "required": ["x"]])
        }
        #expect(
            ToolParameters.schema(of: ["type": "dict", "properties": ["x": ["type": .string(given)]]])
                == ["type": "object", "properties": ["x": ["type": .string(wanted)]]])
        #expect(
            ToolParameters.schema(of: ["x": .string(given)])["properties"] == ["x": ["type": .string(wanted)]])
    }

    @Test(
        "a type in Python's notation is read as a schema",
        arguments: [
            ("list[str]", ["type": "array", "items": ["type": "string"]]),
            ("typing.List[int]", ["type": "array", "items": ["type": "integer"]]),
            ("list[list[float]]", ["type": "array", "items": ["type": "array", "items": ["type": "number"]]]),
            ("int[]", ["type": "array", "items": ["type": "integer"]]),
            ("dict[str, int]", ["type": "object"]), ("tuple[int, str]", ["type": "array"]),
            ("Optional[str]", ["type": ["string", "null"]]), ("str | None", ["type": ["string", "null"]]),
            ("Union[int, float]", ["type": ["integer", "number"]]),
            ("Optional[list[str]]", ["anyOf": [["type": "array", "items": ["type": "string"]], ["type": "null"]]]),
            ("any", [:]), ("enum", ["type": "enum"]), ("str[", ["type": "str["]), ("", ["type": ""]),
        ] as [(String, JSON)])
    func notation(given: String, wanted: JSON) {
        let schema = ToolParameters.schema(of: ["x": ["param_type": .string(given)]])
        #expect(schema["properties"] == ["x": wanted])
    }

    @Test("arguments are checked by parameters in either spelling")
    func arguments() throws {
        let byName = try ValueSchema.ofTool(parameters: [
            "city": ["param_type": "str", "description": "a city", "required": true],
            "days": ["param_type": "int", "required": false],
        ])
        #expect(byName.validate(["city": "Rome", "days": 3]).isEmpty)
        #expect(
            byName.validate(["days": "3", "unit": "C"]).map(\.description) == [
                "city: is required", "days: must be an integer, got \"3\"",
                "unit: is not allowed; allowed are city, days",
            ])
        let schema = try ValueSchema.ofTool(parameters: ["type": "object", "properties": ["city": ["type": "string"]]])
        #expect(schema.validate(["city": 1]).map(\.description) == ["city: must be a string, got 1"])
        #expect(schema.validate(["unit": "C"]).isEmpty)
        #expect(try ValueSchema.ofTool(parameters: [:]).validate([:]).isEmpty)
    }

    @Test("parameters may be called as keywords are")
    func names() throws {
        let schema = try ValueSchema.ofTool(parameters: [
            "type": ["param_type": "str"], "properties": ["param_type": "list[str]"],
            "required": ["param_type": "bool"],
        ])
        #expect(schema.validate(["type": "a", "required": true]).map(\.description) == ["properties: is required"])
    }

    @Test("a word that names no type is an error at its parameter")
    func unknown() throws {
        #expect {
            _ = try ValueSchema.ofTool(parameters: ["x": ["param_type": "strng"]])
        } throws: {
            "\($0)".hasPrefix("#/properties/x: type must be string, integer")
        }
        #expect(throws: SchemaError.self) { _ = try ValueSchema.ofTool(parameters: [1]) }
        var deep = "int"
        for _ in 0..<3_000 { deep = "list[\(deep)]" }
        // Types in types are read up to a depth; what is deeper may be anything.
        #expect(try ValueSchema.ofTool(parameters: ["x": ["type": .string(deep)]]).validate(["x": [1]]).count == 1)
    }
}
