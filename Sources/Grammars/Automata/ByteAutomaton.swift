import Synchronization

/// A deterministic automaton over bytes: the shape of a string, a number, a set of literals. Every state leads to an
/// accepting one, so that what has begun can be finished. State 0 is the first.
final class ByteAutomaton: Sendable {
    /// Names it in caches; never used twice in a process.
    let number: Int
    let classCount: Int
    /// The class of each byte.
    let classes: [UInt8]
    /// [state * classCount + class]: -1, or the next state, with `countFlag` where the step begins a counted character.
    let steps: [Int32]
    /// The outcome that a state accepts, -1 for nothing. Outcomes of one automaton are told apart by their numbers.
    let outcomes: [Int32]
    /// The state in which nothing that came before counts, and no beginning.
    let middle: Int32
    /// The only byte that leads on from a state: -1 where there is none, -2 where there are several.
    let onlyBytes: [Int16]

    static let countFlag: Int32 = 1 << 30
    static let stateMask: Int32 = countFlag - 1
    private static let numbers = Atomic(0)

    init(classes: [UInt8], classCount: Int, steps: [Int32], outcomes: [Int32], middle: Int32 = 0) {
        self.classes = classes
        self.classCount = classCount
        self.steps = steps
        self.outcomes = outcomes
        self.middle = middle
        number = Self.numbers.add(1, ordering: .relaxed).newValue
        let sizes = classes.reduce(into: [Int](repeating: 0, count: classCount)) { $0[Int($1)] += 1 }
        onlyBytes = outcomes.indices.map { state in
            var found = -1
            for index in 0..<classCount where steps[state * classCount + index] >= 0 {
                if found >= 0 || sizes[index] > 1 { return -2 }
                found = index
            }
            return found < 0 ? -1 : Int16(classes.firstIndex(of: UInt8(found)) ?? 0)
        }
    }

    var states: Int { outcomes.count }

    /// An estimate, for limits.
    var bytes: Int { steps.count * 4 + outcomes.count * 6 + 256 }

    func step(_ state: Int32, _ byte: UInt8) -> Int32 {
        steps[Int(state) * classCount + Int(classes[Int(byte)])]
    }

    /// Whether any byte leads on from a state.
    func leadsOn(_ state: Int32) -> Bool { onlyBytes[Int(state)] != -1 }
}
