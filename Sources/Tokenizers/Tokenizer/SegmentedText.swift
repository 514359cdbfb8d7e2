/// A prompt's pieces joined into one buffer, with the runs in which control tokens may be read.
struct SegmentedText {
    private(set) var bytes: [UInt8] = []
    /// Half-open, ascending, never touching.
    private var specialRuns: [Range<Int>] = []

    init(_ segments: [(text: String, special: Bool)]) {
        bytes.reserveCapacity(segments.reduce(0) { $0 + $1.text.utf8.count })
        for segment in segments {
            let start = bytes.count
            bytes.append(contentsOf: segment.text.utf8)
            guard segment.special, bytes.count > start else { continue }
            if let last = specialRuns.last, last.upperBound == start {
                specialRuns[specialRuns.count - 1] = last.lowerBound..<bytes.count
            } else {
                specialRuns.append(start..<bytes.count)
            }
        }
    }

    /// Calls `stretch` for each stretch of ordinary text and `special` for each special token, in order.
    func split(
        by trie: SpecialTokenTrie, stretch: (UnsafeBufferPointer<UInt8>) -> Void, special: (Int32) -> Void
    ) {
        bytes.withUnsafeBufferPointer { text in
            var stretchStart = 0
            var index = 0
            var run = 0
            func endStretch() {
                if index > stretchStart { stretch(UnsafeBufferPointer(rebasing: text[stretchStart..<index])) }
            }
            while index < text.count {
                while run < specialRuns.count, specialRuns[run].upperBound <= index { run += 1 }
                let inRun = run < specialRuns.count && specialRuns[run].lowerBound <= index
                if !inRun && !trie.hasUserDefined {
                    // Nothing to look for before the next special run.
                    index = run < specialRuns.count ? specialRuns[run].lowerBound : text.count
                } else if let match = trie.longestMatch(
                    in: text, at: index, controlEnd: inRun ? specialRuns[run].upperBound : index)
                {
                    endStretch()
                    special(match.token)
                    index += match.count
                    stretchStart = index
                } else {
                    index += 1
                }
            }
            endStretch()
        }
    }
}
