import Foundation
import JSONSchema
import LlamaStackAPI
import Testing

/// Official schemas with random changes. `make fuzz-schemas` makes more of them.
@Suite(.timeLimit(.minutes(60)))
struct FuzzTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let count = environment["LLAMA_STACK_SCHEMAS"].flatMap { Int($0) } ?? 500
    private static let seed = environment["LLAMA_STACK_SEED"].flatMap { UInt64($0) } ?? 1

    @Test("a changed schema is an error that says where, or a schema that judges every value")
    func mutations() throws {
        var random = Mutations(seed: Self.seed)
        let groups = try ["draft2020-12", "draft7", "draft4"].flatMap {
            try SuiteTests.groups($0, uri: "https://json-schema.org/draft/2020-12/schema")
        }
        var (taken, refused, judged, ended) = (0, 0, 0, 0)
        var slowest = (time: Duration.zero, schema: "")
        for _ in 0..<Self.count {
            let group = groups[random.next(groups.count)]
            var schema = group.schema
            for _ in 0...random.next(2) { schema = random.changed(schema, with: group.schema) }
            let time = ContinuousClock().measure {
                switch SuiteTests.parse(schema) {
                case .failure(let error):
                    refused += 1
                    #expect("\(error)".hasPrefix("#") && !error.message.isEmpty)
                case .success(let parsed):
                    taken += 1
                    for test in group.tests {
                        let violations =
                            parsed.validate(test.data) + parsed.validate(random.changed(test.data, with: schema))
                        judged += 2
                        if violations.contains(where: { $0.keyword.hasSuffix("Max") }) { ended += 1 }
                        #expect(violations.allSatisfy { !$0.message.isEmpty })
                    }
                }
            }
            if time > slowest.time { slowest = (time, schema.text) }
        }
        print(
            "seed \(Self.seed): \(Self.count) schemas, \(taken) taken, \(refused) refused; \(judged) values judged,",
            "\(ended) ended by a limit; the slowest took \(slowest.time): \(slowest.schema.prefix(300))")
        #expect(taken > 0 && refused > 0)
    }
}

/// Random changes of JSON values, the same for the same seed.
struct Mutations {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// Below `bound` (SplitMix64).
    mutating func next(_ bound: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((value ^ (value >> 31)) % UInt64(bound))
    }

    /// One place of the value is changed; `other` is where pieces come from.
    mutating func changed(_ value: JSON, with other: JSON) -> JSON {
        switch value {
        case .object(let object) where !object.isEmpty && next(4) > 0:
            var members = object.members
            let index = next(members.count)
            switch next(8) {
            case 0: members.remove(at: index)
            case 1: members[index].key = Self.keywords[next(Self.keywords.count)]
            case 2: members[index].value = piece(of: other)
            default: members[index].value = changed(members[index].value, with: other)
            }
            var result = JSONObject()
            for member in members { result[member.key] = member.value }
            if next(8) == 0 { result[Self.keywords[next(Self.keywords.count)]] = piece(of: other) }
            return .object(result)
        case .array(var items) where !items.isEmpty && next(4) > 0:
            let index = next(items.count)
            switch next(6) {
            case 0: items.remove(at: index)
            case 1: items.append(items[index])
            case 2: items = Array(repeating: items[index], count: 1 << next(12))
            default: items[index] = changed(items[index], with: other)
            }
            return .array(items)
        case .string(let text) where next(2) == 0:
            var scalars = Array(text.unicodeScalars)
            let place = next(scalars.count + 1)
            scalars.insert(contentsOf: Self.fragments[next(Self.fragments.count)].unicodeScalars, at: place)
            var changed = String.UnicodeScalarView()
            changed.append(contentsOf: scalars)
            return .string(String(changed))
        default: return next(3) == 0 ? piece(of: other) : Self.values[next(Self.values.count)]
        }
    }

    /// A value that is somewhere in another.
    private mutating func piece(of value: JSON) -> JSON {
        switch value {
        case .object(let object) where !object.isEmpty && next(3) > 0:
            return piece(of: object.members[next(object.members.count)].value)
        case .array(let items) where !items.isEmpty && next(3) > 0: return piece(of: items[next(items.count)])
        default: return value
        }
    }

    private static let keywords = [
        "$ref", "$dynamicRef", "$id", "$anchor", "$dynamicAnchor", "$defs", "$schema", "type", "enum", "const", "allOf",
        "anyOf", "oneOf", "not", "if", "then", "else", "properties", "patternProperties", "additionalProperties",
        "propertyNames", "required", "dependentRequired", "dependentSchemas", "dependencies", "minProperties",
        "maxProperties", "items", "prefixItems", "additionalItems", "contains", "minContains", "maxContains",
        "uniqueItems", "minItems", "maxItems", "minLength", "maxLength", "pattern", "format", "minimum", "maximum",
        "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "unevaluatedItems", "unevaluatedProperties", "foo",
    ]

    private static let fragments = [
        "(", ")", "[", "]", "*", "+", "{1000}", "{0,999}", "|", "\\", "\\p{L}", "^", "$", "#", "/", "~", "%", "%C3",
        "é",
        "\u{0}", "😀", ".*", "(a+)+", "#/$defs/", "http://", "..", "$ref",
    ]

    private static let values: [JSON] = [
        .null, true, false, 0, 1, -1, 1.5, 1e308, 5e-324, .integer(.max), .integer(.min), "", "#", "a", [], [:], [[:]],
        ["$ref": "#"], ["$dynamicRef": "#node"], ["type": "object"], ["items": ["$ref": "#"]], ["not": [:]],
        ["pattern": "^(a|aa)+$"], ["allOf": [["$ref": "#"], ["$ref": "#"]]],
    ]
}
