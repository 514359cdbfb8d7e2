extension ByteAutomaton {
    /// Accepts exactly these spellings. At least one; none is empty.
    static func literals(_ spellings: [[UInt8]], _ budget: inout GrammarBudget) throws(GrammarError) -> ByteAutomaton? {
        let bytes = Set(spellings.joined())
        let groups = bytes.sorted().map { [$0] }
        guard groups.count < 255 else {
            throw GrammarError(place: budget.place, keyword: budget.keyword, reason: "uses nearly all 256 bytes")
        }
        return try trie(spellings, groups, &budget)
    }

    private static func trie(
        _ spellings: [[UInt8]], _ groups: [[UInt8]], _ budget: inout GrammarBudget
    ) throws(GrammarError) -> ByteAutomaton? {
        var classes = [UInt8](repeating: 0, count: 256)
        for (index, group) in groups.enumerated() { classes[Int(group[0])] = UInt8(index + 1) }
        let width = groups.count + 1
        var steps = [Int32](repeating: -1, count: width)
        var outcomes: [Int32] = [-1]
        for spelling in spellings {
            var state = 0
            for byte in spelling {
                let place = state * width + Int(classes[Int(byte)])
                if steps[place] < 0 {
                    try budget.spend(states: 1, bytes: width * 4)
                    steps[place] = Int32(outcomes.count)
                    outcomes.append(-1)
                    steps.append(contentsOf: repeatElement(-1, count: width))
                }
                state = Int(steps[place])
            }
            outcomes[state] = 0
        }
        return trimmed(classes: classes, width: width, steps: steps, outcomes: outcomes)
    }

    /// Any text, in which the first occurrence of one of `marks` is accepted with the mark's index (Aho and Corasick
    /// 1975). Without marks it accepts nothing and goes on for ever.
    static func search(_ marks: [SearchedMark], _ budget: inout GrammarBudget) throws(GrammarError) -> ByteAutomaton {
        let bytes = Set(marks.map(\.bytes).joined()).sorted()
        var groups = bytes.map { [$0] }
        let others = (UInt8.min...UInt8.max).filter { !bytes.contains($0) }
        if !others.isEmpty { groups.append(others) }
        guard groups.count <= 255 else {
            throw GrammarError(place: budget.place, keyword: budget.keyword, reason: "uses nearly all 256 bytes")
        }
        var classes = [UInt8](repeating: 0, count: 256)
        for (index, group) in groups.enumerated() {
            for byte in group { classes[Int(byte)] = UInt8(index) }
        }
        func classified(_ mark: SearchedMark) -> [Int] { mark.bytes.map { Int(classes[Int($0)]) } }
        var machine = MarkSearch(width: groups.count)
        for (index, mark) in marks.enumerated() where !mark.isAnchored { machine.add(classified(mark), Int32(index)) }
        machine.complete()
        var beginnings = MarkSearch(width: groups.count)
        for (index, mark) in marks.enumerated() where mark.isAnchored { beginnings.add(classified(mark), Int32(index)) }
        let middle = machine.prepend(beginnings)
        try budget.spend(states: machine.outcomes.count, bytes: machine.steps.count * 4)
        return ByteAutomaton(
            classes: classes, classCount: groups.count, steps: machine.steps, outcomes: machine.outcomes,
            middle: middle)
    }
}

/// A text that is looked for.
struct SearchedMark {
    let bytes: [UInt8]
    /// It counts at the beginning alone.
    var isAnchored = false
}

/// Builds the automaton that looks for several marks at once.
private struct MarkSearch {
    let width: Int
    var steps: [Int32]
    var outcomes: [Int32] = [-1]

    init(width: Int) {
        self.width = width
        steps = [Int32](repeating: -1, count: width)
    }

    mutating func add(_ mark: [Int], _ outcome: Int32) {
        var state = 0
        for byte in mark {
            let place = state * width + byte
            if steps[place] < 0 {
                steps[place] = Int32(outcomes.count)
                outcomes.append(-1)
                steps.append(contentsOf: repeatElement(-1, count: width))
            }
            state = Int(steps[place])
        }
        if outcomes[state] < 0 { outcomes[state] = outcome }
    }

    /// Gives every state a step for every byte, by the longest ending that is a mark's beginning. A state that accepts
    /// has none: what follows is no longer searched.
    mutating func complete() {
        var fallbacks = [Int](repeating: 0, count: outcomes.count)
        var open: [Int] = []
        for index in 0..<width {
            if steps[index] > 0 { open.append(Int(steps[index])) } else { steps[index] = 0 }
        }
        var next = 0
        while next < open.count {
            let state = open[next]
            next += 1
            let fallback = fallbacks[state]
            if outcomes[state] < 0 { outcomes[state] = outcomes[fallback] }
            for index in 0..<width {
                let onward = steps[fallback * width + index]
                let place = state * width + index
                if steps[place] > 0 {
                    fallbacks[Int(steps[place])] = Int(onward)
                    open.append(Int(steps[place]))
                } else {
                    steps[place] = onward
                }
            }
        }
        for state in outcomes.indices where outcomes[state] >= 0 {
            for index in 0..<width { steps[state * width + index] = -1 }
        }
    }

    /// Puts a tree of marks before the complete automaton that count at the beginning alone. Each of its states stands
    /// for the automaton's own state after the same text, and goes on as that one does where no such mark does.
    /// - Returns: the state that the automaton had as its first.
    mutating func prepend(_ beginnings: MarkSearch) -> Int32 {
        guard beginnings.outcomes.count > 1 else { return 0 }
        let offset = Int32(beginnings.outcomes.count)
        var steps = beginnings.steps
        var outcomes = beginnings.outcomes
        // A state's number is above that of the one which leads to it.
        var twins = [Int](repeating: 0, count: outcomes.count)
        for state in outcomes.indices {
            if outcomes[state] < 0 { outcomes[state] = self.outcomes[twins[state]] }
            for index in 0..<width {
                let place = state * width + index
                let onward = self.steps[twins[state] * width + index]
                if outcomes[state] >= 0 {
                    steps[place] = -1
                } else if steps[place] < 0 {
                    steps[place] = onward + offset
                } else {
                    twins[Int(steps[place])] = Int(onward)
                }
            }
        }
        self.steps = steps + self.steps.map { $0 < 0 ? $0 : $0 + offset }
        self.outcomes = outcomes + self.outcomes
        return offset
    }
}
