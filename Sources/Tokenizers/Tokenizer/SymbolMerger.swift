/// The rule of byte-pair encoding for two neighbours: whether they merge, how urgently (lower goes
/// first), and into which token.
protocol MergeRule {
    /// `bytes` is the text of both together; `left` and `right` are -1 for symbols that are no token.
    func merge(_ left: Int32, _ right: Int32, _ bytes: UnsafeBufferPointer<UInt8>) -> (priority: UInt32, merged: Int32)?
}

/// Byte-pair encoding of one word: the most urgent pair merges first, of equals the leftmost, until none is left
/// (Sennrich et al. 2016, arXiv:1508.07909). Short words rescan a small array; long ones use a heap, so a megabyte
/// of one letter takes n log n. Scratch space is kept between words. One thread.
struct SymbolMerger {
    /// Up to here a rescan beats the heap (words of one language are a dozen symbols).
    static let shortSymbolsMax = 48

    private static let none = UInt32.max

    private(set) var ids: [Int32] = []
    /// Where each symbol's text starts; one more than there are symbols, the last is the end.
    private var starts: [Int] = []
    /// For each symbol, the pair of it and the next: how urgent, and what it becomes.
    private var priorities: [UInt32] = []
    private var merged: [Int32] = []

    private var previous: [Int32] = []
    private var next: [Int32] = []
    private var heap = PairHeap()

    mutating func begin() {
        ids.removeAll(keepingCapacity: true)
        starts.removeAll(keepingCapacity: true)
    }

    /// Adds the next symbol, whose text starts at `start` (ends where the next one starts).
    mutating func append(_ id: Int32, start: Int) {
        ids.append(id)
        starts.append(start)
    }

    /// Merges what was appended; then `ids` and `text(of:)` tell the result. `end` is where the last symbol ends.
    mutating func merge(_ rule: some MergeRule, in text: UnsafeBufferPointer<UInt8>, end: Int) {
        starts.append(end)
        guard ids.count > 1 else { return }
        priorities.removeAll(keepingCapacity: true)
        merged.removeAll(keepingCapacity: true)
        for index in ids.indices {
            let pair =
                index + 1 < ids.count ? rule.merge(ids[index], ids[index + 1], span(text, index, index + 2)) : nil
            priorities.append(pair?.priority ?? Self.none)
            merged.append(pair?.merged ?? -1)
        }
        if ids.count <= Self.shortSymbolsMax { mergeByRescan(rule, text) } else { mergeByHeap(rule, text) }
    }

    /// The text of symbol `index` of the result.
    func range(of index: Int) -> Range<Int> { starts[index]..<starts[index + 1] }

    private func span(_ text: UnsafeBufferPointer<UInt8>, _ first: Int, _ afterLast: Int) -> UnsafeBufferPointer<UInt8>
    {
        UnsafeBufferPointer(rebasing: text[starts[first]..<starts[afterLast]])
    }

    private mutating func mergeByRescan(_ rule: some MergeRule, _ text: UnsafeBufferPointer<UInt8>) {
        while true {
            var best = 0
            for index in 1..<priorities.count where priorities[index] < priorities[best] { best = index }
            if priorities[best] == Self.none { return }
            ids[best] = merged[best]
            ids.remove(at: best + 1)
            starts.remove(at: best + 1)
            priorities.remove(at: best + 1)
            merged.remove(at: best + 1)
            if best > 0 { look(at: best - 1, best, best + 1, rule, text) }
            if best + 1 < ids.count {
                look(at: best, best + 1, best + 2, rule, text)
            } else {
                priorities[best] = Self.none
            }
            if ids.count == 1 { return }
        }
    }

    /// Renews what symbol `index` and its right neighbour, which ends where symbol `afterRight` starts, become.
    private mutating func look(
        at index: Int, _ right: Int, _ afterRight: Int, _ rule: some MergeRule, _ text: UnsafeBufferPointer<UInt8>
    ) {
        let pair = rule.merge(ids[index], ids[right], span(text, index, afterRight))
        priorities[index] = pair?.priority ?? Self.none
        merged[index] = pair?.merged ?? -1
    }

    /// The same on a linked list. An entry of the heap is stale unless it names the pair's present priority.
    private mutating func mergeByHeap(_ rule: some MergeRule, _ text: UnsafeBufferPointer<UInt8>) {
        let count = ids.count
        // No request is that long; if one were, its bytes left as they are would still say the same text.
        guard count < Int32.max else { return }
        previous = (0..<Int32(count)).map { $0 - 1 }
        next = (0..<Int32(count)).map { $0 + 1 }  // `count` is the end; starts[count] is the end of the text
        heap.fill(priorities, ignoring: Self.none)
        while let (priority, left) = heap.pop() {
            guard priorities[left] == priority else { continue }
            let right = Int(next[left])
            let afterRight = Int(next[right])
            ids[left] = merged[left]
            priorities[right] = Self.none
            next[left] = Int32(afterRight)
            if afterRight < count { previous[afterRight] = Int32(left) }
            if left > 0 { renew(Int(previous[left]), rule, text) }
            renew(left, rule, text)
        }
        compact(count)
    }

    private mutating func renew(_ index: Int, _ rule: some MergeRule, _ text: UnsafeBufferPointer<UInt8>) {
        let right = Int(next[index])
        guard right < ids.count else { return priorities[index] = Self.none }
        look(at: index, right, Int(next[right]), rule, text)
        if priorities[index] != Self.none { heap.push(priorities[index], index) }
    }

    private mutating func compact(_ count: Int) {
        var kept = 0
        var index = 0
        while index < count {
            ids[kept] = ids[index]
            starts[kept] = starts[index]
            kept += 1
            index = Int(next[index])
        }
        starts[kept] = starts[count]
        ids.removeSubrange(kept...)
        starts.removeSubrange((kept + 1)...)
    }
}

/// A binary heap of (priority, position), lowest first; of equal priorities the leftmost. Both share one word,
/// the priority in its upper half, so that one comparison orders them.
struct PairHeap {
    private var entries: [UInt64] = []

    mutating func fill(_ priorities: [UInt32], ignoring none: UInt32) {
        entries.removeAll(keepingCapacity: true)
        for (position, priority) in priorities.enumerated() where priority != none {
            entries.append(UInt64(priority) << 32 | UInt64(position))
        }
        var index = entries.count / 2
        while index > 0 {
            index -= 1
            sink(index)
        }
    }

    /// `position` is below 2^32.
    mutating func push(_ priority: UInt32, _ position: Int) {
        let entry = UInt64(priority) << 32 | UInt64(position)
        entries.append(entry)
        var child = entries.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard entry < entries[parent] else { break }
            entries[child] = entries[parent]
            child = parent
        }
        entries[child] = entry
    }

    mutating func pop() -> (priority: UInt32, position: Int)? {
        guard let top = entries.first else { return nil }
        let last = entries.removeLast()
        if !entries.isEmpty {
            entries[0] = last
            sink(0)
        }
        return (UInt32(truncatingIfNeeded: top >> 32), Int(top & 0xFFFF_FFFF))
    }

    private mutating func sink(_ start: Int) {
        let entry = entries[start]
        let count = entries.count
        var parent = start
        while true {
            var child = 2 * parent + 1
            guard child < count else { break }
            if child + 1 < count, entries[child + 1] < entries[child] { child += 1 }
            guard entries[child] < entry else { break }
            entries[parent] = entries[child]
            parent = child
        }
        entries[parent] = entry
    }
}
