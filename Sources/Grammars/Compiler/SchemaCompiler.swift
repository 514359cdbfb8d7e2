import JSONSchema

/// Compiles the values of one schema to rules.
struct SchemaCompiler {
    let schema: ValueSchema
    let style: JSONStyle
    private var anyValue: Int32?

    init(_ schema: ValueSchema, _ style: JSONStyle) { (self.schema, self.style) = (schema, style) }

    mutating func compile(into rules: inout GrammarCompiler) throws(GrammarError) -> Int32 {
        try any(&rules)
    }

    /// Any JSON value.
    private mutating func any(_ rules: inout GrammarCompiler) throws(GrammarError) -> Int32 {
        if let anyValue { return anyValue }
        let value = try rules.reserve()
        anyValue = value
        var options: [Int32] = []
        for word in ["null", "true", "false"] { options.append(try rules.literal(word)) }
        let string = try rules.add(Leaf(automaton: .anyString))
        options.append(string)
        options.append(try rules.add(Leaf(automaton: .anyNumber)))
        let separator = try rules.literal(style.itemSeparator)
        let items = try rules.add(.list(ListRule(rest: value, separator: separator)))
        options.append(try rules.add(.sequence([rules.literal("["), items, rules.literal("]")])))
        let key = try rules.add(.sequence([string, rules.literal(style.keySeparator)]))
        let later = try rules.add(.sequence([separator, key]))
        var members = MembersRule(open: [.init(keyAtFirst: key, keyLater: later, value: value, isRequired: false)])
        members.complete()
        let object = try rules.add(.members(members))
        options.append(try rules.add(.sequence([rules.literal("{"), object, rules.literal("}")])))
        rules.set(value, .choice(options))
        return value
    }
}

extension ByteAutomaton {
    /// One for all grammars, so that its masks are too.
    static let anyString = standard { budget throws(GrammarError) in try jsonString([], &budget) }
    static let anyNumber = standard { budget throws(GrammarError) in try number(NumberBounds(), &budget) }
    static let anyInteger = standard { budget throws(GrammarError) in
        try number(NumberBounds(isInteger: true), &budget)
    }

    private static func standard(
        _ make: (inout GrammarBudget) throws(GrammarError) -> ByteAutomaton?
    ) -> ByteAutomaton {
        var budget = GrammarBudget(timeMax: nil)
        guard let automaton = try? make(&budget) else {
            preconditionFailure("an automaton without bounds accepts something")
        }
        return automaton
    }
}
