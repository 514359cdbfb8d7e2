import RegularExpressions

/// Strings in which a pattern is found, or is not.
///
/// Its automaton grows as it is used: for one thread, while a grammar is compiled.
final class PatternShape: StringShape {
    private var automaton: Automaton
    private let wanted: Bool
    let byteSets: [Set<UInt8>]
    let start: Int32

    init(_ pattern: Pattern, wanted: Bool) {
        automaton = Automaton(pattern, .search)
        self.wanted = wanted
        byteSets = Dictionary(grouping: UInt8.min...UInt8.max, by: { [automaton] in automaton.byteClasses[Int($0)] })
            .values.map(Set.init)
        start = Int32(automaton.start)
    }

    func step(_ state: Int32, _ byte: UInt8) -> Int32? {
        // Beyond its memory the automaton can't go on: no such text is generated.
        guard let next = try? automaton.step(Int(state), byte) else { return nil }
        if wanted, let isDead = try? automaton.isDead(next), isDead { return nil }
        return Int32(next)
    }

    func accepts(_ state: Int32) -> Bool { automaton.isAccepting(Int(state)) == wanted }
}
