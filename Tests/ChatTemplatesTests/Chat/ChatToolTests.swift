import Testing

@testable import ChatTemplates

struct ChatToolTests {
    @Test(
        "a parameter's type is told in JSON Schema's word, whatever word it came in",
        arguments: [
            ("str", "string"), ("string", "string"), ("String", "string"), ("int", "integer"), ("integer", "integer"),
            ("float", "number"), ("double", "number"), ("number", "number"), ("bool", "boolean"),
            ("Boolean", "boolean"),
            ("list", "array"), ("List", "array"), ("tuple", "array"), ("array", "array"), ("dict", "object"),
            ("Dict", "object"), ("object", "object"), ("None", "null"),
        ])
    func words(given: String, wanted: String) {
        for key in ["param_type", "type"] {
            let tool = ChatTool(name: "f", parameters: ["x": .map(TemplateMap([(key, .string(given))]))])
            #expect(
                tool.schema == [
                    "type": "object", "properties": ["x": ["type": .string(wanted)]], "required": ["x"],
                ])
        }
        #expect(
            ChatTool(name: "f", parameters: ["type": "dict", "properties": ["x": ["type": .string(given)]]]).schema
                == ["type": "object", "properties": ["x": ["type": .string(wanted)]]])
        #expect(
            ChatTool(name: "f", parameters: ["x": .string(given)]).schema["properties"]
                == ["x": ["type": .string(wanted)]])
    }

    @Test(
        "a type in Python's notation is told as a schema",
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
        ] as [(String, TemplateMap)])
    func notation(given: String, wanted: TemplateMap) {
        let tool = ChatTool(name: "f", parameters: ["x": ["param_type": .string(given), "description": "d"]])
        guard case .map(let properties)? = tool.schema["properties"], case .map(var shown)? = properties["x"] else {
            Issue.record("no schema: \(tool.schema)")
            return
        }
        shown["description"] = nil
        #expect(shown == wanted)
    }

    @Test("types inside types are told too, and what is no type stays as it is")
    func nested() {
        let schema: TemplateMap = [
            "type": "object",
            "properties": [
                "type": ["type": "str", "default": ["type": "int"], "enum": ["str", "int"]],
                "rows": ["type": "list", "items": ["type": "dict", "properties": ["n": ["type": ["int", "None"]]]]],
                "either": ["anyOf": [["type": "bool"], ["type": "float"]]],
            ],
            "required": ["type"],
        ]
        #expect(
            ChatTool(name: "f", parameters: schema).schema == [
                "type": "object",
                "properties": [
                    "type": ["type": "string", "default": ["type": "int"], "enum": ["str", "int"]],
                    "rows": [
                        "type": "array",
                        "items": ["type": "object", "properties": ["n": ["type": ["integer", "null"]]]],
                    ],
                    "either": ["anyOf": [["type": "boolean"], ["type": "number"]]],
                ],
                "required": ["type"],
            ])
    }

    @Test("a schema in JSON Schema's own words stays as it is")
    func own() {
        let schema: TemplateMap = [
            "type": "object", "properties": ["x": ["type": "string", "minLength": 1], "y": true],
            "additionalProperties": false,
        ]
        #expect(ChatTool(name: "f", parameters: schema).schema == schema)
    }
}
