/// The automaton of a pattern before determinisation (Thompson 1968), over bytes.
struct Program: Sendable {
    typealias StateID = Int32

    enum State: Sendable {
        /// By a byte in one of the ranges, which are sorted and apart.
        case bytes([Transition])
        /// Both at once.
        case split(StateID, StateID)
        /// Where the assertion holds.
        case assertion(Syntax.Assertion, StateID)
        case accept
    }

    struct Transition: Sendable {
        let bytes: ClosedRange<UInt8>
        let next: StateID
    }

    private(set) var states: [State] = []
    private(set) var start: StateID = 0
    private(set) var hasAssertions = false
    private(set) var hasBoundaries = false
    /// A class that holds no scalar: what leads to it leads nowhere.
    private(set) var hasEmptyClass = false
    /// Bytes that no state tells apart have one class.
    private(set) var classes: [UInt8] = []
    /// A byte of each class.
    private(set) var representatives: [UInt8] = []

    private let statesMax: Int
    private var steps = 0
    /// Last bytes of scalars, by range and what follows: alternatives share them.
    private var tails: [Tail: StateID] = [:]

    private struct Tail: Hashable { let bytes: ClosedRange<UInt8>, next: StateID }

    init(_ syntax: Syntax, statesMax: Int) throws(PatternError) {
        self.statesMax = statesMax
        let end = try add(.accept)
        start = try compile(syntax, end)
        tails = [:]
        classify()
    }

    private mutating func add(_ state: State) throws(PatternError) -> StateID {
        guard states.count < statesMax else {
            throw PatternError(
                .limit, 0, "needs more than \(statesMax) states (statesMax); use smaller repetitions or classes")
        }
        states.append(state)
        return StateID(states.count - 1)
    }

    /// The first state of what matches the syntax and goes on at `next`.
    private mutating func compile(_ syntax: Syntax, _ next: StateID) throws(PatternError) -> StateID {
        // Repetitions of nothing make no state, but take time.
        steps += 1
        guard steps <= 16 * statesMax else {
            throw PatternError(.limit, 0, "repeats too much, repetitions in each other")
        }
        switch syntax {
        case .empty: return next
        case .scalars(let set): return try compile(set, next)
        case .sequence(let parts):
            var next = next
            for part in parts.reversed() { next = try compile(part, next) }
            return next
        case .alternatives(let choices):
            var first: StateID?
            for choice in choices.reversed() {
                let one = try compile(choice, next)
                if let rest = first { first = try add(.split(one, rest)) } else { first = one }
            }
            return first ?? next
        case .assertion(let assertion):
            hasAssertions = true
            if assertion == .wordBoundary || assertion == .noWordBoundary { hasBoundaries = true }
            return try add(.assertion(assertion, next))
        case .repetition(let part, let least, let most): return try compile(part, least, most, next)
        }
    }

    private mutating func compile(
        _ part: Syntax, _ least: Int, _ most: Int?, _ next: StateID
    ) throws(PatternError) -> StateID {
        var first = next
        if let most {
            for _ in least..<most { first = try add(.split(try compile(part, first), next)) }
        } else {
            first = try add(.split(next, next))
            states[Int(first)] = .split(try compile(part, first), next)
        }
        for _ in 0..<least { first = try compile(part, first) }
        return first
    }

    private mutating func compile(_ set: ScalarSet, _ next: StateID) throws(PatternError) -> StateID {
        if set.ranges.isEmpty { hasEmptyClass = true }
        return try compile(set.ranges.flatMap(UTF8Sequences.sequences)[...], from: 0, next)
    }

    /// Sequences that agree before `depth`, in order.
    private mutating func compile(
        _ sequences: ArraySlice<[ClosedRange<UInt8>]>, from depth: Int, _ next: StateID
    ) throws(PatternError) -> StateID {
        if sequences.count == 1, let last = sequences.first, last.count == depth + 1 {
            let tail = Tail(bytes: last[depth], next: next)
            if let known = tails[tail] { return known }
            let state = try add(.bytes([Transition(bytes: last[depth], next: next)]))
            tails[tail] = state
            return state
        }
        var transitions: [Transition] = []
        var rest = sequences
        while let first = rest.first {
            let same = rest.prefix { $0[depth] == first[depth] }
            rest = rest.dropFirst(same.count)
            let target = first.count == depth + 1 ? next : try compile(same, from: depth + 1, next)
            if let last = transitions.last, last.next == target, last.bytes.upperBound + 1 == first[depth].lowerBound {
                transitions[transitions.count - 1] = Transition(
                    bytes: last.bytes.lowerBound...first[depth].upperBound, next: target)
            } else {
                transitions.append(Transition(bytes: first[depth], next: target))
            }
        }
        return try add(.bytes(transitions))
    }

    private mutating func classify() {
        /// The bytes at which a class begins.
        var borders = Array(repeating: false, count: 257)
        func mark(_ range: ClosedRange<UInt8>) {
            borders[Int(range.lowerBound)] = true
            borders[Int(range.upperBound) + 1] = true
        }
        for case .bytes(let transitions) in states { for transition in transitions { mark(transition.bytes) } }
        if hasBoundaries {
            mark(0x80...0xBF)
            for range in ScalarSet.words.ranges { mark(UInt8(range.lowerBound)...UInt8(range.upperBound)) }
        }
        for byte in 0...255 {
            if byte == 0 || borders[byte] { representatives.append(UInt8(byte)) }
            classes.append(UInt8(representatives.count - 1))
        }
    }

    /// By byte: whether a text that is not empty and matches may begin with it.
    var firstBytes: [Bool] {
        var firsts = Array(repeating: false, count: 256)
        var seen: Set<StateID> = []
        var open = [start]
        while let id = open.popLast() {
            guard seen.insert(id).inserted else { continue }
            switch states[Int(id)] {
            case .bytes(let transitions):
                for transition in transitions { for byte in transition.bytes { firsts[Int(byte)] = true } }
            case .split(let one, let two): open += [one, two]
            case .assertion(_, let next): open.append(next)
            case .accept: continue
            }
        }
        return firsts
    }
}
