/// The merges of byte-level BPE: (left token, right token) → (rank, merged token), lowest rank first.
/// One flat array in rank order and a hash of ranks over it.
struct PairTable: Sendable {
    private struct Merge { var left, right, merged: Int32 }

    private var merges: [Merge] = []
    /// Rank + 1, or 0 for an empty slot.
    private var slots: [UInt32]

    var count: Int { merges.count }

    init(capacity: Int) {
        var slotCount = 16
        while slotCount < 2 * capacity { slotCount *= 2 }
        slots = [UInt32](repeating: 0, count: slotCount)
        merges.reserveCapacity(capacity)
    }

    /// Appends the merge of the next rank. A pair that is there already keeps its better rank.
    mutating func append(left: Int32, right: Int32, merged: Int32) {
        var slot = slotIndex(left, right)
        while slots[slot] != 0 {
            let merge = merges[Int(slots[slot]) - 1]
            if merge.left == left && merge.right == right { return }
            slot = (slot + 1) & (slots.count - 1)
        }
        merges.append(Merge(left: left, right: right, merged: merged))
        slots[slot] = UInt32(merges.count)
    }

    func merge(_ left: Int32, _ right: Int32) -> (rank: UInt32, merged: Int32)? {
        var slot = slotIndex(left, right)
        while slots[slot] != 0 {
            let rank = slots[slot] - 1
            let merge = merges[Int(rank)]
            if merge.left == left && merge.right == right { return (rank, merge.merged) }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    private func slotIndex(_ left: Int32, _ right: Int32) -> Int {
        let key = UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
        let mixed = (key ^ (key >> 29)) &* 0x9E37_79B9_7F4A_7C15
        return Int(truncatingIfNeeded: mixed >> 32) & (slots.count - 1)
    }
}
