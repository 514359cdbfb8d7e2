/// A pattern's deterministic automaton, made as it is used: a state for each set of states of the ``Program`` that a
/// text leads to. One step takes one byte.
///
/// A value with a memory of its own, which grows up to ``bytesMax``. A state is a number, valid for this value and its
/// copies.
package struct Automaton: Sendable {
    package typealias State = Int

    package enum Anchoring: Sendable {
        /// The whole text matches.
        case whole
        /// Something in the text matches: JSON Schema's `pattern`.
        case search
    }

    /// The memory that states and steps may take, about.
    package let bytesMax: Int
    let program: Program
    private let anchoring: Anchoring
    private var sets: [Key] = []
    private var states: [Key: State] = [:]
    /// By state and class of byte, the end of the text being the last class: the next state · 2, plus 1 where a match
    /// ends before that byte; -1 where not made yet.
    private var table: [Int32] = []
    private var bytes = 0
    /// How often states were forgotten: the numbers of one generation mean nothing in the next.
    private(set) var generation = 0
    /// The program's states that steps have looked at: the work of a search, beside a step a byte.
    private(set) var work = 0
    private var isAliveByState: [State: Bool] = [:]
    private var marks: Marks

    /// A set of the program's states at a place in the text.
    private struct Key: Hashable {
        /// Sorted; without splits. Empty where nothing can match any more.
        var states: [Program.StateID]
        /// Nothing is before it.
        var isStart = false
        /// The byte before it is a letter, digit or underscore, where the program asks.
        var isAfterWord = false
        /// A match was found: whatever follows, a search has succeeded.
        var isFound = false
    }

    package init(_ pattern: Pattern, _ anchoring: Anchoring, bytesMax: Int = 4 << 20) {
        self.program = pattern.program
        self.anchoring = anchoring
        self.bytesMax = bytesMax
        marks = Marks(count: pattern.program.states.count)
        start = 0
        start = startState(after: nil)
    }

    /// Before the first byte.
    package private(set) var start: State

    /// The class of each byte: the automaton treats bytes of one class alike.
    package var byteClasses: [UInt8] { program.classes }

    /// Throws when the states need more memory than ``bytesMax``.
    package mutating func step(_ state: State, _ byte: UInt8) throws(PatternError) -> State {
        let entry = entry(state, Int(program.classes[Int(byte)]))
        guard bytes <= bytesMax else {
            throw PatternError(.limit, 0, "its states take more than \(bytesMax) bytes of memory (bytesMax)")
        }
        return Int(entry >> 1)
    }

    /// Whether the text may end here.
    package mutating func isAccepting(_ state: State) -> Bool { entry(state, endClass) & 1 == 1 }

    /// Whether no text that goes on from here is accepted. Exact; throws as ``step(_:_:)`` does.
    package mutating func isDead(_ state: State) throws(PatternError) -> Bool {
        let key = sets[state]
        if key.isFound { return false }
        if key.states.isEmpty { return true }
        guard program.hasAssertions || program.hasEmptyClass else { return false }
        if let isAlive = isAliveByState[state] { return !isAlive }
        var seen: Set = [state]
        var open = [state]
        var next = 0
        var isAlive = false
        search: while next < open.count {
            let one = open[next]
            next += 1
            if isAccepting(one) {
                isAlive = true
                break
            }
            for byte in program.representatives {
                let after = try step(one, byte)
                if seen.insert(after).inserted { open.append(after) }
            }
        }
        isAliveByState[state] = isAlive
        return !isAlive
    }

    // MARK: For searches in a text

    /// The state at a place in a text, where a match may begin.
    mutating func startState(after byte: UInt8?) -> State {
        var key = Key(states: [], isStart: byte == nil)
        key.isAfterWord = program.hasBoundaries && byte.map(Self.isWord) ?? false
        marks.clear()
        add(program.start, isStart: byte == nil)
        key.states = marks.sorted
        return state(key)
    }

    /// Moves by a byte, nil being the end. True when a match ends before it. Forgets older states where memory runs
    /// out.
    mutating func move(_ state: inout State, _ byte: UInt8?) -> Bool {
        if bytes > bytesMax {
            let key = sets[state]
            generation += 1
            (sets, states, table, bytes, isAliveByState) = ([], [:], [], 0, [:])
            start = startState(after: nil)
            state = self.state(key)
        }
        let entry = entry(state, byte.map { Int(program.classes[Int($0)]) } ?? endClass)
        state = Int(entry >> 1)
        return entry & 1 == 1
    }

    func isEmpty(_ state: State) -> Bool { sets[state].states.isEmpty && !sets[state].isFound }

    // MARK: Making states

    private var endClass: Int { program.representatives.count }
    private var width: Int { program.representatives.count + 1 }

    private mutating func entry(_ state: State, _ byteClass: Int) -> Int32 {
        let place = state * width + byteClass
        if table[place] >= 0 { return table[place] }
        let made = transition(sets[state], byteClass)
        let entry = Int32(self.state(made.next) << 1) | (made.isMatch ? 1 : 0)
        table[place] = entry
        return entry
    }

    private mutating func state(_ key: Key) -> State {
        if let state = states[key] { return state }
        let state = sets.count
        sets.append(key)
        states[key] = state
        table.append(contentsOf: repeatElement(-1, count: width))
        bytes += 4 * (width + 2 * key.states.count) + 128
        return state
    }

    private mutating func transition(_ key: Key, _ byteClass: Int) -> (next: Key, isMatch: Bool) {
        if key.isFound { return (key, true) }
        work += key.states.count + 1
        let byte = byteClass == endClass ? nil : program.representatives[byteClass]
        let here = program.hasAssertions ? resolved(key, byte) : key.states
        let isMatch = here.contains { if case .accept = program.states[Int($0)] { true } else { false } }
        guard let byte else { return (Key(states: []), isMatch) }
        if isMatch, anchoring == .search { return (Key(states: [], isFound: true), true) }
        marks.clear()
        for id in here {
            guard case .bytes(let transitions) = program.states[Int(id)] else { continue }
            if let next = transitions.first(where: { $0.bytes.contains(byte) })?.next { add(next, isStart: false) }
        }
        if anchoring == .search { add(program.start, isStart: false) }
        let isAfterWord = program.hasBoundaries && Self.isWord(byte)
        return (Key(states: marks.sorted, isAfterWord: isAfterWord), isMatch)
    }

    /// With what lies behind the assertions that hold before `byte`.
    private mutating func resolved(_ key: Key, _ byte: UInt8?) -> [Program.StateID] {
        // Between the bytes of one scalar there is no place.
        let isInside = byte.map { $0 & 0xC0 == 0x80 } ?? false
        let isBoundary = key.isAfterWord != (byte.map(Self.isWord) ?? false)
        marks.clear()
        var open = key.states
        for id in open { marks.insert(id) }
        while let id = open.popLast() {
            guard case .assertion(let assertion, let next) = program.states[Int(id)] else { continue }
            let holds =
                switch assertion {
                case .start: key.isStart
                case .end: byte == nil
                case .wordBoundary: isBoundary
                case .noWordBoundary: !isBoundary && !isInside
                }
            if holds { open += add(next, isStart: key.isStart) }
        }
        return marks.sorted
    }

    /// A state and what splits lead to from it; the ones that are new. An assertion of the start holds nowhere else,
    /// and is left out there.
    @discardableResult
    private mutating func add(_ first: Program.StateID, isStart: Bool) -> [Program.StateID] {
        var added: [Program.StateID] = []
        var open = [first]
        while let id = open.popLast() {
            switch program.states[Int(id)] {
            case .split(let one, let two):
                if marks.insert(hidden: id) { open += [two, one] }
            case .assertion(.start, _) where !isStart: continue
            case .bytes, .assertion, .accept: if marks.insert(id) { added.append(id) }
            }
        }
        return added
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x5F, 0x61...0x7A: true
        default: false
        }
    }
}
