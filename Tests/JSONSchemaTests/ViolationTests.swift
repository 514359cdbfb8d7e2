import JSONSchema
import LlamaStackAPI
import Testing

struct ViolationTests {
    private func sentences(_ schema: JSON, _ value: JSON) throws -> [String] {
        try ValueSchema(parsing: schema).validate(value).map(\.description)
    }

    private let weather: JSON = [
        "type": "object",
        "properties": [
            "city": ["type": "string", "minLength": 2],
            "unit": ["enum": ["celsius", "fahrenheit"]],
            "days": ["type": "integer", "minimum": 1, "maximum": 7],
            "tags": ["type": "array", "items": ["type": ["string", "null"]], "uniqueItems": true],
        ],
        "required": ["city"], "additionalProperties": false,
    ]

    @Test("each violation is a sentence with its place, and all are told")
    func sentences() throws {
        #expect(
            try sentences(weather, ["unit": "C"]) == [
                "city: is required", "unit: must be celsius or fahrenheit, got \"C\"",
            ])
        #expect(
            try sentences(weather, ["city": "X", "days": 9.5, "tags": ["a", 1, "a"]]) == [
                "city: must have at least 2 characters, has 1", "days: must be an integer, got 9.5",
                "tags[1]: must be a string or null, got 1",
                "tags: must have no item twice, but items 0 and 2 are the same",
            ])
        #expect(
            try sentences(weather, ["city": "Rome", "day": 3, "days": 9]) == [
                "day: is not allowed (did you mean 'days'?)", "days: must be 7 or less, got 9",
            ])
        #expect(try sentences(weather, "Rome") == ["must be an object, got \"Rome\""])
    }

    @Test("of several forms, the violations are of the one that was meant")
    func forms() throws {
        let shape: JSON = [
            "anyOf": [
                [
                    "properties": ["kind": ["const": "circle"], "radius": ["type": "number"]],
                    "required": ["kind", "radius"],
                ],
                [
                    "properties": ["kind": ["const": "square"], "side": ["type": "number"]],
                    "required": ["kind", "side"],
                ],
            ]
        ]
        #expect(try sentences(shape, ["kind": "square"]) == ["side: is required"])
        #expect(
            try sentences(["anyOf": [["type": "string"], ["type": "null"]]], 5) == ["must be a string or null, got 5"])
        #expect(
            try sentences(["anyOf": [["type": "string"], ["type": "integer", "minimum": 3]]], 2) == [
                "must be 3 or more, got 2"
            ])
    }

    @Test("a place is written as code writes it, and as a JSON Pointer")
    func places() throws {
        let schema = try ValueSchema(parsing: [
            "additionalProperties": ["items": ["properties": ["a/b c": ["type": "string"]]]]
        ])
        let violation = try #require(schema.validate(["x": [[:], ["a/b c": 1]]]).first)
        #expect(violation.place == "x[1][\"a/b c\"]")
        #expect(violation.pointer == "/x/1/a~1b c")
        #expect(violation.keyword == "type")
    }

    @Test("numbers are compared by every digit")
    func numbers() throws {
        let big = try JSON(parsing: "12345678901234567891")
        let schema: JSON = ["maximum": try JSON(parsing: "12345678901234567890")]
        #expect(try sentences(schema, big) == ["must be 12345678901234567890 or less, got 12345678901234567891"])
        #expect(try sentences(["multipleOf": 0.01], 4.35).isEmpty)
        #expect(try sentences(["multipleOf": 0.01], 4.355) == ["must be a multiple of 0.01, got 4.355"])
        #expect(try sentences(["enum": [1]], 1.0).isEmpty)
    }
}
