import Synchronization

/// The tokens that lie wholly within one automaton from one of its states, and where the others leave it.
final class LeafMask: Sendable {
    /// A node of the trie at which the automaton may have ended, with more below it.
    struct Exit: Sendable {
        let node: Int32
        let outcome: Int32
    }

    /// Bits of tokens where they are many, their ids where they are few.
    enum Tokens: Sendable {
        case many([UInt64])
        case few([Int32])
    }

    let tokens: Tokens
    let exits: [Exit]

    init(_ tokens: Tokens, _ exits: [Exit]) { (self.tokens, self.exits) = (tokens, exits) }

    var bytes: Int {
        let size =
            switch tokens {
            case .many(let words): words.count * 8
            case .few(let ids): ids.count * 4
            }
        return size + exits.count * 8 + 128
    }
}

/// Keeps masks of automata within a bound of memory: those that were not used since half of it was filled go first.
final class LeafMasks: Sendable {
    struct Key: Hashable {
        let automaton: Int
        let state: Int32
        /// Characters that must come, and may come; both no more than tells one token from another.
        let need: Int32
        let room: Int32
    }

    private struct Kept {
        var young: [Key: LeafMask] = [:]
        var old: [Key: LeafMask] = [:]
        var youngBytes = 0
    }

    private let kept = Mutex(Kept())
    private let bytesMax: Int

    init(bytesMax: Int) { self.bytesMax = bytesMax }

    /// The mask for `key`, made when it is not there. Two threads that miss it at once both make it.
    func mask(_ key: Key, make: () -> LeafMask) -> LeafMask {
        let found = kept.withLock { kept in
            if let mask = kept.young[key] { return mask as LeafMask? }
            guard let mask = kept.old[key] else { return nil }
            insert(mask, key, &kept)
            return mask
        }
        if let found { return found }
        let made = make()
        kept.withLock { insert(made, key, &$0) }
        return made
    }

    private func insert(_ mask: LeafMask, _ key: Key, _ kept: inout Kept) {
        if kept.young.updateValue(mask, forKey: key) == nil { kept.youngBytes += mask.bytes }
        if kept.youngBytes > bytesMax / 2 {
            kept.old = kept.young
            kept.young = [:]
            kept.youngBytes = 0
        }
    }
}
