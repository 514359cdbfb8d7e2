/// A step of an automaton that is being explored.
struct ExploredStep<State: Hashable> {
    let state: State
    /// Whether it begins a character that counts towards a length.
    var counts = false
}

extension ByteAutomaton {
    /// The automaton of all states that can be reached from `start` and lead to an accepting one.
    /// - Parameters:
    ///   - groups: bytes that all states treat alike, each group once; a byte in none has no step.
    ///   - outcome: what a state accepts; nil for nothing.
    /// - Returns: nil when nothing is accepted.
    static func exploring<State: Hashable>(
        _ start: State, groups: [[UInt8]], budget: inout GrammarBudget,
        step: (State, UInt8) -> ExploredStep<State>?, outcome: (State) -> Int32?
    ) throws(GrammarError) -> ByteAutomaton? {
        let width = groups.count + 1
        var numbers = [start: Int32(0)]
        var found = [start]
        var steps: [Int32] = []
        var next = 0
        while next < found.count {
            try budget.spend(states: 1, bytes: width * 4)
            steps.append(-1)
            for group in groups {
                guard let byte = group.first, let taken = step(found[next], byte) else {
                    steps.append(-1)
                    continue
                }
                let number = numbers[taken.state] ?? Int32(found.count)
                if Int(number) == found.count {
                    numbers[taken.state] = number
                    found.append(taken.state)
                }
                steps.append(number | (taken.counts ? countFlag : 0))
            }
            next += 1
        }
        var classes = [UInt8](repeating: 0, count: 256)
        for (index, group) in groups.enumerated() {
            for byte in group { classes[Int(byte)] = UInt8(index + 1) }
        }
        return trimmed(classes: classes, width: width, steps: steps, outcomes: found.map { outcome($0) ?? -1 })
    }

    /// Leaves out the states that lead to no accepting one.
    static func trimmed(classes: [UInt8], width: Int, steps: [Int32], outcomes: [Int32]) -> ByteAutomaton? {
        let isUseful = useful(width: width, steps: steps, outcomes: outcomes)
        guard isUseful.first == true else { return nil }
        var renumbered = [Int32](repeating: -1, count: outcomes.count)
        var count: Int32 = 0
        for state in outcomes.indices where isUseful[state] {
            renumbered[state] = count
            count += 1
        }
        var kept: [Int32] = []
        kept.reserveCapacity(Int(count) * width)
        for state in outcomes.indices where isUseful[state] {
            for step in steps[state * width..<(state + 1) * width] {
                let target = step < 0 ? -1 : renumbered[Int(step & stateMask)]
                kept.append(target < 0 ? -1 : target | (step & countFlag))
            }
        }
        return ByteAutomaton(
            classes: classes, classCount: width, steps: kept,
            outcomes: outcomes.indices.filter { isUseful[$0] }.map { outcomes[$0] })
    }

    /// Which states lead to an accepting one: backwards from those.
    private static func useful(width: Int, steps: [Int32], outcomes: [Int32]) -> [Bool] {
        var sources = [[Int32]](repeating: [], count: outcomes.count)
        for (index, step) in steps.enumerated() where step >= 0 {
            sources[Int(step & stateMask)].append(Int32(index / width))
        }
        var isUseful = outcomes.map { $0 >= 0 }
        var open = outcomes.indices.filter { isUseful[$0] }
        while let state = open.popLast() {
            for source in sources[state] where !isUseful[Int(source)] {
                isUseful[Int(source)] = true
                open.append(Int(source))
            }
        }
        return isUseful
    }

    /// Groups of bytes that none of the `sets` tells apart: bytes in no set make no group.
    static func groups(of sets: [Set<UInt8>]) -> [[UInt8]] {
        var groups: [[Bool]: [UInt8]] = [:]
        for byte in UInt8.min...UInt8.max {
            let signature = sets.map { $0.contains(byte) }
            if signature.contains(true) { groups[signature, default: []].append(byte) }
        }
        return groups.values.sorted { $0[0] < $1[0] }
    }
}
