import JSONSchema
import LlamaStackAPI
import RegularExpressions

extension SchemaCompiler {
    // MARK: - Numbers

    /// Nil where no number is right.
    func number(_ alternative: Alternative, _ rules: inout GrammarCompiler) throws(GrammarError) -> Int32? {
        var bounds = NumberBounds(isInteger: !alternative.types.isSuperset(of: .number))
        for id in alternative.nodes {
            let node = schema[id]
            for (limit, isLeast) in [(node.numbers.least, true), (node.numbers.greatest, false)] {
                guard let limit else { continue }
                try narrow(&bounds, to: limit.value, isExclusive: limit.isExclusive, isLeast: isLeast, node)
            }
            if let multipleOf = node.numbers.multipleOf {
                let multiple = try multiple(multipleOf, node)
                guard let common = bounds.multiple.map({ $0.common(with: multiple) }) ?? multiple else {
                    throw unsupported(node, "multipleOf", "what several ask for together has too many digits")
                }
                bounds.multiple = common
            }
        }
        for limit in alternative.numberLimits {
            try narrow(
                &bounds, to: limit.value, isExclusive: limit.isExclusive, isLeast: limit.isLeast,
                schema[alternative.excluded[0]])
        }
        if bounds.isFree { return try rules.add(Leaf(automaton: bounds.isInteger ? .anyInteger : .anyNumber)) }
        guard let automaton = try ByteAutomaton.number(bounds, &rules.budget) else { return nil }
        return try rules.add(Leaf(automaton: automaton))
    }

    private func narrow(
        _ bounds: inout NumberBounds, to value: JSON, isExclusive: Bool, isLeast: Bool, _ node: SchemaNode
    ) throws(GrammarError) {
        guard let digits = Digits(value) else { return }
        guard let magnitude = Magnitude(digits) else {
            throw unsupported(
                node, isLeast ? "minimum" : "maximum",
                "it has more than \(Magnitude.digitsMax) digits before or after the point")
        }
        let bound = NumberBounds.Bound(
            isNegative: digits.isNegative, magnitude: magnitude, isExclusive: isExclusive)
        if isLeast {
            if bounds.least.map({ bound.isAbove($0) || bound.isTighter(than: $0) }) != false { bounds.least = bound }
        } else if bounds.greatest.map({ $0.isAbove(bound) || bound.isTighter(than: $0) }) != false {
            bounds.greatest = bound
        }
    }

    private func multiple(_ value: JSON, _ node: SchemaNode) throws(GrammarError) -> NumberBounds.Multiple {
        let error = unsupported(
            node, "multipleOf", "its digits make a number above \(NumberBounds.Multiple.factorMax)")
        guard let digits = Digits(value), let magnitude = Magnitude(digits) else { throw error }
        let all = magnitude.whole + magnitude.fraction
        guard all.count <= 5 || all.dropLast(5).allSatisfy({ $0 == 0 }) else { throw error }
        let factor = all.reduce(0) { $0 * 10 + Int($1) }
        guard factor > 0, factor <= NumberBounds.Multiple.factorMax else { throw error }
        return NumberBounds.Multiple(factor: factor, decimals: magnitude.fraction.count)
    }

    // MARK: - Strings

    /// Nil where no string is right.
    func string(_ alternative: Alternative, _ rules: inout GrammarCompiler) throws(GrammarError) -> Int32? {
        var shapes: [any StringShape] = alternative.otherThanPatterns.map { PatternShape($0, wanted: false) }
        let others = alternative.otherThan.compactMap { $0.stringValue.map { Array($0.utf8) } }
        if !others.isEmpty { shapes.append(OtherThan(others)) }
        var (least, most) = (0, Int.max)
        for range in alternative.lengths { (least, most) = (max(least, range.lowerBound), min(most, range.upperBound)) }
        for strings in alternative.nodes.map({ schema[$0].strings }) {
            (least, most) = (max(least, strings.lengthMin), min(most, strings.lengthMax ?? .max))
            if let pattern = strings.pattern { shapes.append(PatternShape(pattern, wanted: true)) }
            if let format = strings.format, let pattern = Formats.pattern(format) {
                shapes.append(PatternShape(pattern, wanted: true))
            }
        }
        guard least <= most else { return nil }
        return try string(shapes, least, most, &rules).map { leaf throws(GrammarError) in try rules.add(leaf) }
    }

    /// A string of shapes and a length; nil where there is none.
    func string(
        _ shapes: [any StringShape], _ least: Int, _ most: Int, _ rules: inout GrammarCompiler
    ) throws(GrammarError) -> Leaf? {
        let countMin = Int32(clamping: least)
        let countMax = most >= Int(Int32.max) ? Int32.max : Int32(most)
        if shapes.isEmpty { return Leaf(automaton: .anyString, countMin: countMin, countMax: countMax) }
        rules.budget.keyword = "pattern"
        defer { rules.budget.keyword = "" }
        let isBounded = least > 0 || most < .max
        return try ByteAutomaton.jsonString(shapes, length: isBounded ? least...most : nil, &rules.budget)
            .map { Leaf(automaton: $0) }
    }
}

extension NumberBounds.Multiple {
    /// The least multiple of both; nil where its digits make too large a number.
    fileprivate func common(with other: NumberBounds.Multiple) -> NumberBounds.Multiple? {
        let all = max(decimals, other.decimals)
        func scaled(_ multiple: NumberBounds.Multiple) -> Int? {
            (multiple.decimals..<all).reduce(multiple.factor as Int?) { factor, _ in
                factor.flatMap { $0 > Self.factorMax ? nil : $0 * 10 }
            }
        }
        guard let a = scaled(self), let b = scaled(other) else { return nil }
        var (divisor, rest) = (a, b)
        while rest > 0 { (divisor, rest) = (rest, divisor % rest) }
        let factor = a / divisor * b
        return factor <= Self.factorMax ? NumberBounds.Multiple(factor: factor, decimals: all) : nil
    }
}

extension NumberBounds.Bound {
    fileprivate func isAbove(_ other: NumberBounds.Bound) -> Bool { order(other) > 0 }

    /// Whether it is the same number, and leaves it out while the other does not.
    fileprivate func isTighter(than other: NumberBounds.Bound) -> Bool {
        order(other) == 0 && isExclusive && !other.isExclusive
    }

    private func order(_ other: NumberBounds.Bound) -> Int {
        if isNegative != other.isNegative { return isNegative ? -1 : 1 }
        return magnitude.compared(to: other.magnitude) * (isNegative ? -1 : 1)
    }
}

extension Magnitude {
    /// Digits before the point, and after it.
    static let digitsMax = 32

    /// Nil where it has too many digits.
    fileprivate init?(_ digits: Digits) {
        let figures = digits.digits.map { $0 - UInt8(ascii: "0") }
        guard (-Self.digitsMax...Self.digitsMax).contains(digits.exponent) else { return nil }
        if digits.exponent >= figures.count {
            whole =
                figures.isEmpty
                ? [] : figures + [UInt8](repeating: 0, count: digits.exponent - figures.count)
        } else if digits.exponent <= 0 {
            fraction = [UInt8](repeating: 0, count: -digits.exponent) + figures
        } else {
            whole = Array(figures.prefix(digits.exponent))
            fraction = Array(figures.dropFirst(digits.exponent))
        }
        guard fraction.count <= Self.digitsMax else { return nil }
    }

    fileprivate func compared(to other: Magnitude) -> Int {
        if whole.count != other.whole.count { return whole.count < other.whole.count ? -1 : 1 }
        for (a, b) in zip(whole, other.whole) where a != b { return a < b ? -1 : 1 }
        for index in 0..<max(fraction.count, other.fraction.count) {
            let a = index < fraction.count ? fraction[index] : 0
            let b = index < other.fraction.count ? other.fraction[index] : 0
            if a != b { return a < b ? -1 : 1 }
        }
        return 0
    }
}
