/// How far an answer has come in its grammar: a value, which tokens move on. A token may begin and end anywhere in the
/// grammar.
package struct GrammarState: Sendable {
    package let grammar: Grammar
    package let vocabulary: GrammarVocabulary
    private(set) var readings: Readings
    private var spare = Readings()

    /// The state before the first token.
    package init(_ grammar: Grammar, _ vocabulary: GrammarVocabulary) {
        (self.grammar, self.vocabulary) = (grammar, vocabulary)
        readings = grammar.start()
    }

    /// Whether the turn may end here.
    package var isFinal: Bool {
        readings.all.contains { reading in
            switch reading.top {
            case .end: true
            case .leaf(let leaf, _, _): grammar.leaves[Int(leaf)].isFree
            case .token: false
            }
        }
    }

    /// Whether nothing but the turn's end can follow.
    package var isComplete: Bool { readings.all.allSatisfy { $0.top == .end } }

    /// Whether a reading takes this token by its id.
    package func takes(_ token: Int32) -> Bool { readings.all.contains { $0.top == .token(token) } }

    /// The same with these readings alone.
    func keeping(_ kept: [Reading]) -> GrammarState {
        var state = self
        state.readings = Readings()
        for reading in kept { state.readings.insert(reading) }
        return state
    }

    /// Moves on by a token.
    /// - Returns: false when the token does not fit, which leaves the state as it was.
    package mutating func advance(_ token: Int32) -> Bool {
        let before = readings
        if advanceWhole(token) { return true }
        let spelling = vocabulary.trie.spelling(of: token)
        guard !spelling.isEmpty else { return false }
        for byte in spelling where !advance(byte: byte) {
            readings = before
            return false
        }
        return true
    }

    /// Moves on by a token that some reading takes by its id.
    private mutating func advanceWhole(_ token: Int32) -> Bool {
        let isUnspelled = vocabulary.trie.spelling(of: token).isEmpty
        spare.removeAll()
        for reading in readings.all where !spare.isFull {
            switch reading.top {
            case .token(token): grammar.resume(reading.frame, &spare)
            case .leaf(let leaf, _, _) where grammar.leaves[Int(leaf)].isFree:
                if let rule = grammar.rule(after: token, in: reading) {
                    grammar.enter(rule.next, rule.frame, &spare)
                } else if isUnspelled, token >= 0, token < vocabulary.vocabulary {
                    let middle = grammar.leaves[Int(leaf)].automaton.middle
                    spare.insert(Reading(top: .leaf(leaf, state: middle, count: 0), frame: reading.frame))
                }
            default: break
            }
        }
        guard !spare.all.isEmpty else { return false }
        swap(&readings, &spare)
        return true
    }

    /// - Returns: false when the byte does not fit, which leaves the state as it was.
    mutating func advance(byte: UInt8) -> Bool {
        spare.removeAll()
        for reading in readings.all where !spare.isFull {
            guard case .leaf(let leaf, let state, let count) = reading.top,
                let step = grammar.leaves[Int(leaf)].step(state, count, byte)
            else { continue }
            let automaton = grammar.leaves[Int(leaf)].automaton
            let key = reading.key.map { $0 + [byte] }
            if automaton.leadsOn(step.state) {
                let top = Reading.Top.leaf(leaf, state: step.state, count: step.count)
                spare.insert(Reading(top: top, frame: reading.frame, key: key))
            }
            let outcome = automaton.outcomes[Int(step.state)]
            if outcome >= 0 { grammar.resume(reading.frame, outcome: outcome, key: key, &spare) }
        }
        guard !spare.all.isEmpty else { return false }
        swap(&readings, &spare)
        return true
    }
}

extension Grammar {
    /// The rule that follows in free text after a token that is an opening there.
    func rule(after token: Int32, in reading: Reading) -> (next: Int32, frame: Frame)? {
        guard let frame = reading.frame, case .free(let free) = rules[Int(frame.rule)],
            let next = free.afterTokens[token]
        else { return nil }
        return (next, Frame(frame.rule, stage: .separator, parent: frame.parent))
    }
}

extension Leaf {
    /// The step of a byte from a state with `count` characters counted; nil when the byte does not fit.
    func step(_ state: Int32, _ count: Int32, _ byte: UInt8) -> (state: Int32, count: Int32)? {
        let step = automaton.step(state, byte)
        guard step >= 0 else { return nil }
        let target = step & ByteAutomaton.stateMask
        guard countMin > 0 || countMax < .max else { return (target, 0) }
        let counted = count + (step & ByteAutomaton.countFlag != 0 ? 1 : 0)
        guard counted <= countMax, counted >= countMin || automaton.outcomes[Int(target)] < 0 else { return nil }
        return (target, counted)
    }
}
