import LlamaStackAPI
import RegularExpressions

extension ValueSchema {
    /// All that is wrong with a value; empty when it is as the schema says. Ends within ``SchemaLimits/stepsMax``
    /// steps: a value that needs more has one violation that says so.
    package func validate(_ value: JSON) -> [Violation] {
        var validator = Validator(self)
        return validator.validate(value)
    }
}

/// One validation: the schemas that look at the value, one inside the other.
struct Validator {
    typealias NodeID = ValueSchema.NodeID

    let schema: ValueSchema
    var path = ValuePath()
    var violations: [Violation] = []
    /// Above 0, only the verdict matters.
    var quiet = 0
    private var steps = 0
    private var nesting = 0
    /// Above 0, ``violations`` are those of one schema of several.
    var alternatives = 0
    /// The limit that ended the validation.
    var limit: String?
    /// The resources of the schemas that look at the value, from the outermost.
    private(set) var resources: [Int] = []
    private var matchers: [String: Matcher] = [:]
    /// Whether what was judged must be remembered, for `unevaluatedProperties` and `unevaluatedItems`.
    let isTracking: Bool

    init(_ schema: ValueSchema) {
        self.schema = schema
        isTracking = schema.nodes.contains {
            $0.objects.unevaluatedProperties != nil || $0.arrays.unevaluatedItems != nil
        }
    }

    mutating func validate(_ value: JSON) -> [Violation] {
        var judged = Judged()
        let isValid = judge(schema.root, value, &judged)
        // What was told before the end is true.
        if let limit, limit != "violationsMax" {
            let most = limit == "stepsMax" ? schema.limits.stepsMax : schema.limits.nestingMax
            return violations + [
                Violation(
                    place: "", pointer: "", keyword: limit,
                    message: "can't be checked: that takes more than \(most) steps (\(limit))", wanted: [])
            ]
        }
        return isValid ? [] : violations
    }

    /// - Returns: false when the validation must end.
    mutating func count(_ work: Int = 1) -> Bool {
        steps += work
        if steps > schema.limits.stepsMax { limit = limit ?? "stepsMax" }
        return limit == nil
    }

    /// Whether the value is as a node says. What is wrong goes to ``violations``; what was judged goes to `outer` if
    /// the value is right.
    mutating func judge(_ id: NodeID, _ value: JSON, _ outer: inout Judged) -> Bool {
        guard count() else { return false }
        guard nesting < schema.limits.nestingMax else {
            limit = limit ?? "nestingMax"
            return false
        }
        nesting += 1
        defer { nesting -= 1 }
        let node = schema.nodes[id]
        let isEntry = resources.last != node.resource
        if isEntry { resources.append(node.resource) }
        defer { if isEntry { resources.removeLast() } }
        if node.isNever { return violate("", "is not allowed") }
        guard judgeKind(node, value) else { return false }
        var judged = Judged()
        var isValid = true
        switch value {
        case .integer, .number, .exact: isValid = judgeNumber(node.numbers, value)
        case .string(let text): isValid = judgeString(node.strings, text)
        case .array(let items): isValid = judgeArray(node, items, &judged)
        case .object(let object): isValid = judgeObject(node, object, &judged)
        case .null, .bool: break
        }
        isValid = judgeCombinations(node, value, &judged) && isValid
        if isTracking { isValid = judgeRest(node, value, &judged) && isValid }
        if isTracking, isValid, count(judged.size / 8) { outer.formUnion(judged) }
        return isValid && limit == nil
    }

    /// Type, and the list of values.
    private mutating func judgeKind(_ node: SchemaNode, _ value: JSON) -> Bool {
        if let values = node.values {
            let form = CanonicalForm.bytes(of: value)
            guard count(form.count / 64) else { return false }
            if !values.contains(form) {
                let keyword = values.values.count == 1 ? "const" : "enum"
                return wrong(keyword, values.values.map(Self.plain), value)
            }
        }
        guard node.types.contains(value.type) else {
            let names = ValueTypes.named.filter { node.types.contains($0.value) }.map(\.key)
            let shown = names.filter { $0 != "integer" || !names.contains("number") }
            return wrong("type", shown.map { Self.articles[$0] ?? $0 }, value)
        }
        return true
    }

    private static let articles = [
        "boolean": "true or false", "integer": "an integer", "number": "a number", "string": "a string",
        "array": "an array", "object": "an object",
    ]

    /// Short words without quotes, as a person writes them.
    private static func plain(_ value: JSON) -> String {
        guard case .string(let text) = value, let first = text.unicodeScalars.first, first.properties.isAlphabetic,
            text.utf8.count <= 40, !["true", "false", "null"].contains(text),
            text.unicodeScalars.allSatisfy({
                $0.properties.isAlphabetic || ("0"..."9").contains($0) || "_-./".unicodeScalars.contains($0)
            })
        else { return Excerpt.text(of: value) }
        return text
    }

    /// Whether a pattern is found in a text.
    mutating func isFound(_ pattern: Pattern, in text: String) -> Bool {
        guard count() else { return false }
        var matcher = matchers.removeValue(forKey: pattern.source) ?? Matcher(pattern)
        defer { matchers[pattern.source] = matcher }
        var left = schema.limits.stepsMax - steps
        let isFound = matcher.isFound(in: text, steps: &left)
        steps = schema.limits.stepsMax - left
        if isFound == nil { limit = limit ?? "stepsMax" }
        return isFound ?? false
    }
}

/// The properties and items that some schema has judged.
struct Judged {
    var properties: Set<String> = []
    var items: Set<Int> = []

    var size: Int { properties.count + items.count }

    mutating func formUnion(_ other: Judged) {
        if !other.properties.isEmpty { properties.formUnion(other.properties) }
        if !other.items.isEmpty { items.formUnion(other.items) }
    }
}

extension JSON {
    /// The narrowest of the types that this has.
    var type: ValueTypes {
        switch self {
        case .null: .null
        case .bool: .boolean
        case .integer, .number, .exact: isWhole ? .integer : .number
        case .string: .string
        case .array: .array
        case .object: .object
        }
    }
}
