/// The slots of an open-addressing hash whose entries lie in arrays of their own: a slot holds an entry's number
/// and some bits of its hash, so that nearly every look at the entry itself is a hit. At most two thirds full.
struct HashSlots: Sendable {
    /// Entries are numbered below this.
    static let entriesMax = (1 << 23) - 1
    private static let numberMask: UInt32 = (1 << 23) - 1

    /// 0 is empty; else the low 23 bits are the entry's number + 1, the rest the hash's highest bits.
    private var slots: [UInt32]

    init(capacity: Int) {
        precondition(capacity <= Self.entriesMax, "the caller limits how many entries there are")
        var count = 16
        while 2 * count < 3 * capacity { count *= 2 }
        slots = [UInt32](repeating: 0, count: count)
    }

    /// The entry with this hash for which `isIt`, and its slot; or nil and the empty slot where it would go.
    @inline(__always)
    func find(_ hash: UInt64, _ isIt: (Int) -> Bool) -> (found: Int?, slot: Int) {
        let mask = slots.count - 1
        let tag = Self.tag(hash)
        var slot = Int(truncatingIfNeeded: hash ^ (hash >> 32)) & mask
        while slots[slot] != 0 {
            if slots[slot] & ~Self.numberMask == tag {
                let entry = Int(slots[slot] & Self.numberMask) - 1
                if isIt(entry) { return (entry, slot) }
            }
            slot = (slot + 1) & mask
        }
        return (nil, slot)
    }

    mutating func set(_ slot: Int, _ entry: Int, _ hash: UInt64) {
        slots[slot] = Self.tag(hash) | UInt32(truncatingIfNeeded: entry + 1)
    }

    private static func tag(_ hash: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: hash >> 32) & ~numberMask }
}
