/// Keys of one object, so that none comes twice: no parser of ours takes that. A linked list, the last key first.
final class UsedKeys: Sendable {
    /// As JSON, with its quotes.
    let key: [UInt8]
    let next: UsedKeys?
    let count: Int

    init(_ key: [UInt8], _ next: UsedKeys?) {
        (self.key, self.next) = (key, next)
        count = (next?.count ?? 0) + 1
    }

    static func contains(_ key: [UInt8], _ used: UsedKeys?) -> Bool {
        var used = used
        while let one = used {
            if one.key == key { return true }
            used = one.next
        }
        return false
    }

    static func same(_ a: UsedKeys?, _ b: UsedKeys?) -> Bool {
        var (a, b) = (a, b)
        while true {
            guard let x = a, let y = b else { return a == nil && b == nil }
            if x === y { return true }
            guard x.count == y.count, x.key == y.key else { return false }
            (a, b) = (x.next, y.next)
        }
    }

    /// The nodes of a trie, below `node`, at which a key that began with `begun` would be a used one.
    static func nodes(_ used: UsedKeys?, after begun: [UInt8], below node: Int, _ trie: TokenTrie) -> [Int] {
        var found: [Int] = []
        var used = used
        while let one = used {
            used = one.next
            guard one.key.starts(with: begun) else { continue }
            var end: Int? = node
            for byte in one.key.dropFirst(begun.count) { end = end.flatMap { trie.child(of: $0, byte) } }
            if let end { found.append(end) }
        }
        return found
    }
}
