/// The merges of byte-level BPE: (left token, right token) → (rank, merged token), lowest rank first.
/// One flat array in rank order and a hash of ranks over it.
struct PairTable: Sendable {
    private struct Merge { var left, right, merged: Int32 }

    private var merges: [Merge] = []
    private var slots: HashSlots

    var count: Int { merges.count }

    init(capacity: Int) {
        slots = HashSlots(capacity: capacity)
        merges.reserveCapacity(capacity)
    }

    /// Appends the merge of the next rank. A pair that is there already keeps its better rank.
    mutating func append(left: Int32, right: Int32, merged: Int32) {
        let hash = hash(left, right)
        let (found, slot) = slots.find(hash) { merges[$0].left == left && merges[$0].right == right }
        guard found == nil else { return }
        slots.set(slot, merges.count, hash)
        merges.append(Merge(left: left, right: right, merged: merged))
    }

    @inline(__always)
    func merge(_ left: Int32, _ right: Int32) -> (rank: UInt32, merged: Int32)? {
        let rank = slots.find(hash(left, right)) { merges[$0].left == left && merges[$0].right == right }.found
        return rank.map { (UInt32(truncatingIfNeeded: $0), merges[$0].merged) }
    }

    private func hash(_ left: Int32, _ right: Int32) -> UInt64 {
        let key = UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
        return (key ^ (key >> 29)) &* 0x9E37_79B9_7F4A_7C15
    }
}
