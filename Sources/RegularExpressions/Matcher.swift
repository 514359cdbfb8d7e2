/// Searches texts for a pattern: the leftmost match, of those the longest, then on behind it.
///
/// A value that remembers the states it has made: keep one for the texts to come.
package struct Matcher: Sendable {
    package let pattern: Pattern
    private var search: Automaton
    private var whole: Automaton
    /// By byte: whether a match that is not empty may begin with it.
    package let firsts: [Bool]

    /// - Parameter bytesMax: of the memory of its states.
    package init(_ pattern: Pattern, bytesMax: Int = 1 << 20) {
        self.pattern = pattern
        search = Automaton(pattern, .search, bytesMax: bytesMax)
        whole = Automaton(pattern, .whole, bytesMax: bytesMax)
        firsts = pattern.program.firstBytes
    }

    /// Whether something in the text matches, the empty text included.
    package mutating func isFound(in text: String) -> Bool {
        var text = text
        return text.withUTF8 { isFound(in: UnsafeRawBufferPointer($0)) }
    }

    /// As ``isFound(in:)`` of a string.
    package mutating func isFound(in text: UnsafeRawBufferPointer) -> Bool {
        var steps = Int.max
        return isFound(in: text, steps: &steps) ?? false
    }

    /// Whether something in the text matches; nil when that needs more than `steps`, from which those that it took are
    /// taken: one for 64 bytes, or for 8 states of the pattern that a byte moves.
    package mutating func isFound(in text: String, steps: inout Int) -> Bool? {
        var text = text
        return text.withUTF8 { isFound(in: UnsafeRawBufferPointer($0), steps: &steps) }
    }

    private mutating func isFound(in text: UnsafeRawBufferPointer, steps: inout Int) -> Bool? {
        var state = search.start
        let before = search.work
        let workMax = steps > .max / 8 ? .max : before + 8 * steps
        defer { steps -= (search.work - before) / 8 }
        var next = 0
        while next < text.count {
            let end = min(next + 64, text.count)
            while next < end {
                if search.move(&state, text[next]) { return true }
                next += 1
            }
            steps -= 1
            guard steps > 0, search.work <= workMax else { return nil }
        }
        return search.move(&state, nil)
    }

    /// Whether the whole text matches.
    package mutating func matchesWhole(_ text: String) -> Bool {
        var state = whole.start
        for byte in text.utf8 {
            _ = whole.move(&state, byte)
            if whole.isEmpty(state) { return false }
        }
        return whole.move(&state, nil)
    }

    /// The first match that is not empty, in bytes of the text.
    package mutating func firstMatch(in text: [UInt8]) -> Range<Int>? { matches(in: text, atMost: 1).first }

    /// All matches that are not empty, in bytes of the text: each begins behind the one before.
    package mutating func matches(in text: [UInt8]) -> [Range<Int>] { matches(in: text, atMost: .max) }

    /// All matches that are not empty, each behind the one before.
    package mutating func matches(in text: String) -> [Range<String.Index>] {
        var found: [Range<String.Index>] = []
        var index = text.startIndex
        var offset = 0
        for range in matches(in: Array(text.utf8)) {
            let start = text.utf8.index(index, offsetBy: range.lowerBound - offset)
            index = text.utf8.index(start, offsetBy: range.count)
            offset = range.upperBound
            found.append(start..<index)
        }
        return found
    }

    /// The ends of all matches that begin at a place and are not empty, the longest last.
    package mutating func matchEnds(in text: [UInt8], from start: Int) -> [Int] {
        guard start < text.count, firsts[Int(text[start])] else { return [] }
        var ends: [Int] = []
        var state = whole.startState(after: start > 0 ? text[start - 1] : nil)
        var place = start
        while place <= text.count, !whole.isEmpty(state) {
            if whole.move(&state, place < text.count ? text[place] : nil), place > start { ends.append(place) }
            place += 1
        }
        return ends
    }

    /// Whether a match that begins at a place in a text may end behind the text, or with its last byte.
    package mutating func mayMatch(_ text: [UInt8], from start: Int) -> Bool {
        guard start < text.count, firsts[Int(text[start])] else { return false }
        var state = whole.startState(after: start > 0 ? text[start - 1] : nil)
        for byte in text[start...] {
            _ = whole.move(&state, byte)
            if whole.isEmpty(state) { return false }
        }
        return true
    }

    private mutating func matches(in text: [UInt8], atMost countMax: Int) -> [Range<Int>] {
        var found: [Range<Int>] = []
        var failures = Failures()
        var start = 0
        while start < text.count, found.count < countMax {
            if firsts[Int(text[start])], let end = longest(in: text, from: start, &failures) {
                found.append(start..<end)
                start = end
            } else {
                start += 1
            }
        }
        return found
    }

    /// The end of the longest match that begins there.
    private mutating func longest(in text: [UInt8], from start: Int, _ failures: inout Failures) -> Int? {
        var state = whole.startState(after: start > 0 ? text[start - 1] : nil)
        var end: Int?
        var place = start
        failures.begin()
        while true {
            let isMatch = whole.move(&state, place < text.count ? text[place] : nil)
            if isMatch, place > start {
                end = place
                failures.begin()
            }
            place += 1
            guard place <= text.count, !whole.isEmpty(state) else { break }
            if failures.meets(state, at: place, generation: whole.generation) { break }
        }
        failures.end()
        return end
    }
}

/// Places in a text and states there from which no match ends any more. A run that comes to one stops, so that the runs
/// from all starts together stay linear in the text (Reps 1998, "Maximal-munch tokenization in linear time").
private struct Failures {
    private var known: Set<UInt64> = []
    private var way: [UInt64] = []
    private var steps = 0
    private var generation = 0

    /// Steps of a run, or since its last match, that are not worth remembering.
    private static let stepsFree = 32
    private static let knownMax = 1 << 20

    /// A run begins, or has found a match.
    mutating func begin() {
        way.removeAll(keepingCapacity: true)
        steps = 0
    }

    /// True where an earlier run came to the same state and found nothing from there.
    mutating func meets(_ state: Automaton.State, at place: Int, generation: Int) -> Bool {
        if generation != self.generation {
            self.generation = generation
            known = []
            way = []
        }
        steps += 1
        guard steps > Self.stepsFree else { return false }
        let key = UInt64(state) << 40 | UInt64(place)
        if known.contains(key) { return true }
        way.append(key)
        return false
    }

    /// The run has ended without another match.
    mutating func end() {
        if known.count + way.count <= Self.knownMax { known.formUnion(way) }
    }
}
