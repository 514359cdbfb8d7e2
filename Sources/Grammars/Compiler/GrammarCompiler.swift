/// Compiles a source to the rules of a `Grammar`.
struct GrammarCompiler {
    private(set) var rules: [Rule] = []
    private(set) var leaves: [Leaf] = []
    var budget: GrammarBudget
    private var literals: [[UInt8]: Int32] = [:]
    /// Rules by what they say: equal branches of a schema are one rule.
    private var known: [Rule: Int32] = [:]

    /// Sources inside each other.
    static let depthMax = 64

    init(_ budget: GrammarBudget) { self.budget = budget }

    mutating func add(_ rule: Rule) throws(GrammarError) -> Int32 {
        if let number = known[rule] { return number }
        let number = try append(rule)
        known[rule] = number
        return number
    }

    /// A number for a rule that is to be known before it is made, for rings.
    mutating func reserve() throws(GrammarError) -> Int32 { try append(.nothing) }

    private mutating func append(_ rule: Rule) throws(GrammarError) -> Int32 {
        try budget.spend(bytes: 64)
        rules.append(rule)
        return Int32(rules.count - 1)
    }

    mutating func set(_ number: Int32, _ rule: Rule) { rules[Int(number)] = rule }

    mutating func add(_ leaf: Leaf) throws(GrammarError) -> Int32 { try add(.leaf(number(of: leaf))) }

    mutating func number(of leaf: Leaf) -> Int32 {
        leaves.append(leaf)
        return Int32(leaves.count - 1)
    }

    /// The rule of exactly this text.
    mutating func literal(_ text: [UInt8]) throws(GrammarError) -> Int32 {
        if let known = literals[text] { return known }
        guard !text.isEmpty, let automaton = try ByteAutomaton.literals([text], &budget) else {
            return try add(.sequence([]))
        }
        let rule = try add(Leaf(automaton: automaton))
        literals[text] = rule
        return rule
    }

    mutating func literal(_ text: String) throws(GrammarError) -> Int32 { try literal(Array(text.utf8)) }

    // MARK: - Sources

    mutating func compile(_ start: GrammarStart) throws(GrammarError) -> Int32 {
        switch start {
        case .now(let source): return try compile(source)
        case .after(let triggers): return try compile(triggers)
        }
    }

    private mutating func compile(_ triggers: [GrammarStart.Trigger]) throws(GrammarError) -> Int32 {
        var marks: [SearchedMark] = []
        var free = FreeRule(leaf: 0)
        for trigger in triggers {
            let next = try compile(trigger.then)
            switch trigger.opening {
            case .token(let token): free.afterTokens[token] = next
            case .text(let text), .beginning(let text):
                guard !text.isEmpty else { throw GrammarError(reason: "has a trigger without text") }
                var isAnchored = false
                if case .beginning = trigger.opening { isAnchored = true }
                marks.append(SearchedMark(bytes: Array(text.utf8), isAnchored: isAnchored))
                free.afterTexts.append(next)
            }
        }
        let automaton = try ByteAutomaton.search(marks, &budget)
        let leaf = number(of: Leaf(automaton: automaton, isFree: true))
        return try add(.free(FreeRule(leaf: leaf, afterTexts: free.afterTexts, afterTokens: free.afterTokens)))
    }

    private mutating func compile(_ source: GrammarSource, depth: Int = 0) throws(GrammarError) -> Int32 {
        guard depth < Self.depthMax else {
            throw GrammarError(reason: "has more than \(Self.depthMax) sources inside each other")
        }
        switch source {
        case .text(let text): return try literal(text)
        case .token(let token): return try add(.token(token))
        case .value(let schema, let style):
            var values = SchemaCompiler(schema, style)
            return try values.compile(into: &self)
        case .textThrough(let end):
            guard !end.isEmpty else { throw GrammarError(reason: "has text through an empty text") }
            return try add(Leaf(automaton: ByteAutomaton.search([SearchedMark(bytes: Array(end.utf8))], &budget)))
        case .anyText: return try compile([])
        case .sequence(let parts):
            var rules: [Int32] = []
            for part in parts { rules.append(try compile(part, depth: depth + 1)) }
            return try add(.sequence(rules))
        case .choice(let options):
            guard !options.isEmpty else { throw GrammarError(reason: "has a choice without options") }
            var rules: [Int32] = []
            for option in options { rules.append(try compile(option, depth: depth + 1)) }
            return try add(.choice(rules))
        case .repeated(let item, let separator, let min, let max):
            return try compileRepeated(item, separator, min, max, depth)
        }
    }

    private mutating func compileRepeated(
        _ item: GrammarSource, _ separator: GrammarSource?, _ min: Int, _ max: Int?, _ depth: Int
    ) throws(GrammarError) -> Int32 {
        guard min >= 0, max.map({ $0 >= min }) != false else {
            throw GrammarError(reason: "has a repetition of \(min) to \(max ?? min)")
        }
        guard !item.canBeEmpty else { throw GrammarError(reason: "repeats what can be empty") }
        var list = ListRule(rest: try compile(item, depth: depth + 1), min: min, max: max ?? .max)
        if let separator { list.separator = try compile(separator, depth: depth + 1) }
        return try add(.list(list))
    }
}

extension GrammarSource {
    /// Whether the empty text is right.
    fileprivate var canBeEmpty: Bool {
        switch self {
        case .text(let text): text.isEmpty
        case .token, .value, .textThrough: false
        case .anyText: true
        case .sequence(let parts): parts.allSatisfy(\.canBeEmpty)
        case .choice(let options): options.contains(where: \.canBeEmpty)
        case .repeated(let item, _, let min, _): min == 0 || item.canBeEmpty
        }
    }
}

extension Grammar {
    /// - Throws: where the source or a schema in it can't be compiled within the limits, or has no text at all.
    /// - Parameter timeMax: nil sets no limit of time.
    package convenience init(
        _ start: GrammarStart, timeMax: Duration? = GrammarBudget.timeMax
    ) throws(GrammarError) {
        var compiler = GrammarCompiler(GrammarBudget(timeMax: timeMax))
        let root = try compiler.compile(start)
        compiler.prune()
        try self.init(rules: compiler.rules, leaves: compiler.leaves, root: root)
    }
}
