import LlamaStackAPI
import RegularExpressions

/// The keywords that hold no other schema.
extension SchemaParser {
    mutating func readValues(_ keywords: Keywords, _ id: NodeID) throws(SchemaError) {
        if let type = keywords["type"] { nodes[id].types = try types(type, keywords) }
        if let values = try keywords.list("enum") {
            guard values.count <= limits.enumValuesMax else {
                throw keywords.failure(
                    "enum", "has \(values.count) values; the limit is \(limits.enumValuesMax) (enumValuesMax)", .limit)
            }
            guard !values.isEmpty else { throw keywords.failure("enum", "must have at least one value") }
            nodes[id].values = ValueList(values)
        }
        if let constant = keywords["const"] {
            let only = ValueList([constant])
            nodes[id].values = nodes[id].values.map { only.intersection($0) } ?? only
        }
    }

    private func types(_ value: JSON, _ keywords: Keywords) throws(SchemaError) -> ValueTypes {
        let words: [JSON]
        switch value {
        case .string: words = [value]
        case .array(let items) where !items.isEmpty: words = items
        default: throw keywords.wrong("type", "a type's name or a list of them", value)
        }
        var types: ValueTypes = []
        for word in words {
            guard let type = ValueTypes.named.first(where: { $0.key == word.stringValue })?.value else {
                let names = ValueTypes.named.map(\.key)
                let close = word.stringValue.flatMap { Spelling.closest(to: $0, in: names) }
                let hint = close.map { " (did you mean '\($0)'?)" } ?? ""
                throw keywords.failure(
                    "type", "must be \(Excerpt.alternatives(names)), got \(Excerpt.text(of: word))\(hint)")
            }
            types.formUnion(type)
        }
        return types
    }

    mutating func readNumberRules(_ keywords: Keywords, _ id: NodeID) throws(SchemaError) {
        nodes[id].numbers.least = try bound("minimum", "exclusiveMinimum", keywords, tighter: 1)
        nodes[id].numbers.greatest = try bound("maximum", "exclusiveMaximum", keywords, tighter: -1)
        if let divisor = try keywords.number("multipleOf") {
            guard divisor.compared(to: 0) == 1 else { throw keywords.wrong("multipleOf", "above 0", divisor) }
            guard let digits = Digits(divisor)?.digits.count, digits <= JSON.multipleDigitsMax else {
                throw keywords.failure(
                    "multipleOf", "has more than \(JSON.multipleDigitsMax) digits: \(divisor.text)", .unsupported)
            }
            nodes[id].numbers.multipleOf = divisor
        }
    }

    /// - Parameter tighter: how the tighter of two bounds compares to the other.
    private func bound(
        _ keyword: String, _ exclusive: String, _ keywords: Keywords, tighter: Int
    ) throws(SchemaError) -> NumberRules.Bound? {
        let inclusive = try keywords.number(keyword)
        // Draft 4: a boolean beside the bound.
        if case .bool(let isExclusive)? = keywords[exclusive] {
            return inclusive.map { NumberRules.Bound(value: $0, isExclusive: isExclusive) }
        }
        let outer = try keywords.number(exclusive)
        guard let outer else { return inclusive.map { NumberRules.Bound(value: $0, isExclusive: false) } }
        if let inclusive, inclusive.compared(to: outer) == tighter {
            return NumberRules.Bound(value: inclusive, isExclusive: false)
        }
        return NumberRules.Bound(value: outer, isExclusive: true)
    }

    mutating func readStringRules(_ keywords: Keywords, _ id: NodeID) throws(SchemaError) {
        nodes[id].strings.lengthMin = try keywords.count("minLength") ?? 0
        nodes[id].strings.lengthMax = try keywords.count("maxLength")
        nodes[id].strings.format = try keywords.text("format")
        if let source = try keywords.text("pattern") {
            nodes[id].strings.pattern = try pattern(source, keywords, "pattern")
        }
    }

    mutating func pattern(
        _ source: String, _ keywords: Keywords, _ keyword: String
    ) throws(SchemaError) -> Pattern {
        var bounds = PatternLimits()
        bounds.bytesMax = limits.patternBytesMax
        bounds.statesMax = min(bounds.statesMax, limits.patternStatesMax - patternStates)
        do throws(PatternError) {
            let pattern = try Pattern(source, limits: bounds)
            patternStates += pattern.stateCount
            return pattern
        } catch {
            let kind: SchemaError.Kind =
                switch error.kind {
                case .invalid: .invalid
                case .unsupported: .unsupported
                case .limit: .limit
                }
            throw keywords.failure(keyword, "\(Excerpt.text(of: .string(source))): \(error)", kind)
        }
    }
}
