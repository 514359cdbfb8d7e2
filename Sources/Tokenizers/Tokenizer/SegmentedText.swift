/// A prompt's pieces joined into one buffer, with the runs in which control tokens and marks may be read.
struct SegmentedText {
    private(set) var bytes: [UInt8] = []
    /// Half-open, ascending, never touching.
    private var trustedRuns: [Range<Int>] = []

    init(_ segments: [(text: String, special: Bool)]) {
        bytes.reserveCapacity(segments.reduce(0) { $0 + $1.text.utf8.count })
        for segment in segments {
            let start = bytes.count
            bytes.append(contentsOf: segment.text.utf8)
            guard segment.special, bytes.count > start else { continue }
            if let last = trustedRuns.last, last.upperBound == start {
                trustedRuns[trustedRuns.count - 1] = last.lowerBound..<bytes.count
            } else {
                trustedRuns.append(start..<bytes.count)
            }
        }
    }

    /// Calls `stretch` for each stretch of ordinary text and `special` for each special token, in order.
    func split(
        by trie: SpecialTokenTrie, stretch: (UnsafeBufferPointer<UInt8>) -> Void, special: (Int32) -> Void
    ) {
        bytes.withUnsafeBufferPointer { trie.split($0, trusted: trustedRuns, stretch: stretch, special: special) }
    }
}

extension SpecialTokenTrie {
    /// The same for a text of which only the runs `trusted` (half-open, ascending, never touching) may become tokens
    /// that are for templates alone.
    func split(
        _ text: UnsafeBufferPointer<UInt8>, trusted: [Range<Int>] = [],
        stretch: (UnsafeBufferPointer<UInt8>) -> Void, special: (Int32) -> Void
    ) {
        var stretchStart = 0
        var index = 0
        var run = 0
        func endStretch(at end: Int) {
            if end > stretchStart { stretch(UnsafeBufferPointer(rebasing: text[stretchStart..<end])) }
        }
        while index < text.count {
            while run < trusted.count, trusted[run].upperBound <= index { run += 1 }
            let inRun = run < trusted.count && trusted[run].lowerBound <= index
            if !inRun && !hasUserDefined {
                // Nothing to look for before the next trusted run.
                index = run < trusted.count ? trusted[run].lowerBound : text.count
                continue
            }
            let trustedEnd = inRun ? trusted[run].upperBound : index
            guard let match = longestMatch(in: text, at: index, trustedEnd: trustedEnd) else {
                index += 1
                continue
            }
            guard let taken = Surroundings(text).range(of: match, at: index, from: stretchStart, rules) else {
                // As in the library, no other token is looked for in this one's place.
                index += match.count
                continue
            }
            endStretch(at: taken.lowerBound)
            special(match.token)
            index = taken.upperBound
            stretchStart = index
        }
        endStretch(at: text.count)
    }
}

/// The text beside a special token.
private struct Surroundings {
    private let reader: ScalarReader

    init(_ text: UnsafeBufferPointer<UInt8>) { reader = ScalarReader(text: text) }

    /// The range of the text that `match` at `index` takes, at most from `start` on; nil when its rule forbids it here.
    func range(
        of match: SpecialTokenTrie.Match, at index: Int, from start: Int, _ rules: [Int32: SpecialTokenTrie.MatchRule]
    ) -> Range<Int>? {
        let range = index..<index + match.count
        guard !rules.isEmpty, let rule = rules[match.token] else { return range }
        if rule.isWord, isWord(before: range.lowerBound) || isWord(after: range.upperBound) { return nil }
        var (lower, upper) = (range.lowerBound, range.upperBound)
        if rule.takesSpaceBefore {
            while lower > start, case let previous = scalarStart(before: lower), isSpace(previous) { lower = previous }
        }
        if rule.takesSpaceAfter {
            while upper < reader.text.count, isSpace(upper) { upper = reader.read(at: upper).next }
        }
        return lower..<upper
    }

    private func scalarStart(before index: Int) -> Int {
        var index = index - 1
        while index > 0, reader.text[index] & 0xC0 == 0x80 { index -= 1 }
        return index
    }

    private func isSpace(_ index: Int) -> Bool { reader.kind(at: index).isOne(of: .whitespace) }

    private func isWord(before index: Int) -> Bool { index > 0 && isWordScalar(at: scalarStart(before: index)) }

    private func isWord(after index: Int) -> Bool { index < reader.text.count && isWordScalar(at: index) }

    /// `\w` of Unicode's UTS 18.
    private func isWordScalar(at index: Int) -> Bool {
        let properties = reader.decode(at: index).0.properties
        switch properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation: return true
        default: return properties.isAlphabetic || properties.isJoinControl
        }
    }
}
