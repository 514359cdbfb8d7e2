/// Places where a grammar leaves nothing but a choice of literals: the names of tools, or the end of an object and the
/// keys that may still come.
extension GrammarState {
    /// One of several literals that may come next.
    package struct Literal: Sendable {
        /// Its bytes, up to the first behind those that tell it from the others.
        package let text: [UInt8]
        /// The state in which no other may come.
        package let state: GrammarState
    }

    /// More of them are not told apart, and neither are longer ones.
    private static let (literalsMax, literalBytesMax) = (256, 256)

    /// The literals of which one must come next, at least two; empty where they begin alike, and where anything else
    /// may come. Of two literals one of which begins with the other, the shorter stands for both.
    package var literals: [Literal] {
        guard (2...Self.literalsMax).contains(readings.all.count) else { return [] }
        var found: [(text: [UInt8], readings: [Reading])] = []
        for reading in readings.all {
            guard let text = literal(reading) else { return [] }
            found.append((text, [reading]))
        }
        guard found.contains(where: { $0.text[0] != found[0].text[0] }) else { return [] }
        found = found.sorted { $0.text.lexicographicallyPrecedes($1.text) }.reduce(into: []) { groups, next in
            if let last = groups.indices.last, next.text.starts(with: groups[last].text) {
                groups[last].readings += next.readings
            } else {
                groups.append(next)
            }
        }
        guard found.count > 1 else { return [] }
        let shared = Self.sharedEnd(found.map(\.text))
        return found.map { Literal(text: Array($0.text.dropLast(max(0, shared - 1))), state: keeping($0.readings)) }
    }

    /// All that may come where that is one or more literals; empty where anything else may come.
    /// - Parameter endBytes: how many bytes at their ends do not count: a token may still reach into those.
    func wholeLiterals(endBytes: Int) -> [Literal] {
        guard readings.all.count <= Self.literalsMax else { return [] }
        let found = readings.all.compactMap { reading in
            literal(reading).map { Literal(text: Array($0.dropLast(endBytes)), state: keeping([reading])) }
        }
        return found.count == readings.all.count ? found : []
    }

    /// The rest of what a reading spells; nil where it leaves a choice.
    private func literal(_ reading: Reading) -> [UInt8]? {
        guard case .leaf(let leaf, var state, _) = reading.top, reading.key == nil else { return nil }
        let automaton = grammar.leaves[Int(leaf)].automaton
        var text: [UInt8] = []
        while automaton.outcomes[Int(state)] < 0 {
            guard let byte = UInt8(exactly: automaton.onlyBytes[Int(state)]), text.count < Self.literalBytesMax else {
                return nil
            }
            text.append(byte)
            state = automaton.step(state, byte) & ByteAutomaton.stateMask
        }
        return text.isEmpty || automaton.leadsOn(state) ? nil : text
    }

    /// How many bytes all of them end with.
    private static func sharedEnd(_ texts: [[UInt8]]) -> Int {
        let shortest = texts.map(\.count).min() ?? 0
        return (0..<shortest).first { back in
            texts.contains { $0[$0.count - 1 - back] != texts[0][texts[0].count - 1 - back] }
        } ?? shortest
    }
}
