/// The spellings of a vocabulary as one flat trie: nodes in preorder, so that a subtree is a range of nodes and its
/// tokens are a range of `tokens`. Node 0 is the root. Immutable once made: any thread may read it.
package struct TokenTrie: Sendable {
    /// Token ids run from 0 up to, not including, this; masks have a bit for each.
    package let vocabulary: Int
    /// Bytes of the longest spelling.
    package private(set) var longest = 0
    /// Tokens without bytes: control tokens and unused ids. No path leads to them.
    package private(set) var unspelled: [Int32] = []

    /// The byte that leads to a node; that of the root means nothing.
    private(set) var bytes: [UInt8] = [0]
    /// Bytes from the root to a node.
    private(set) var depths: [UInt16] = [0]
    /// The first node after a node's subtree.
    private(set) var ends: [Int32] = []
    /// Where the tokens of a node begin in `tokens`; those of its subtree end where those of node `ends` begin. One
    /// entry more than there are nodes.
    private(set) var firstTokens: [Int32] = [0]
    /// Ids in the order of their nodes. Several may have one spelling.
    private(set) var tokens: [Int32] = []

    private var spellings: [UInt8] = []
    private var starts: [Int32] = [0]

    /// A longer spelling is left out: no answer needs it.
    static let spellingBytesMax = 1024

    /// - Parameter appendBytes: appends the bytes that a token stands for, nothing for a control token.
    package init(vocabulary: Int, appendBytes: (_ token: Int32, _ bytes: inout [UInt8]) -> Void) {
        self.vocabulary = vocabulary
        starts.reserveCapacity(vocabulary + 1)
        for token in 0..<Int32(vocabulary) {
            let start = spellings.count
            appendBytes(token, &spellings)
            if spellings.count - start > Self.spellingBytesMax { spellings.removeLast(spellings.count - start) }
            if spellings.count == start { unspelled.append(token) }
            starts.append(Int32(spellings.count))
        }
        build(sorted())
    }

    /// The bytes that a token stands for; empty for one without, and for an id outside the vocabulary.
    func spelling(of token: Int32) -> ArraySlice<UInt8> {
        guard token >= 0, token < vocabulary else { return [] }
        return spellings[Int(starts[Int(token)])..<Int(starts[Int(token) + 1])]
    }

    /// The node below `node` that `byte` leads to.
    func child(of node: Int, _ byte: UInt8) -> Int? {
        var child = node + 1
        while child < Int(ends[node]) {
            if bytes[child] == byte { return child }
            child = Int(ends[child])
        }
        return nil
    }

    /// The bytes from the root to a node.
    func path(to node: Int) -> ArraySlice<UInt8> {
        spelling(of: tokens[Int(firstTokens[node])]).prefix(Int(depths[node]))
    }

    private func sorted() -> [Int32] {
        let ids = (0..<Int32(vocabulary)).filter { starts[Int($0)] < starts[Int($0) + 1] }
        return spellings.withUnsafeBufferPointer { spellings in
            ids.sorted { a, b in
                let left = spellings[Int(starts[Int(a)])..<Int(starts[Int(a) + 1])]
                let right = spellings[Int(starts[Int(b)])..<Int(starts[Int(b) + 1])]
                let shared = min(left.count, right.count)
                for index in 0..<shared {
                    let (x, y) = (left[left.startIndex + index], right[right.startIndex + index])
                    if x != y { return x < y }
                }
                return left.count != right.count ? left.count < right.count : a < b
            }
        }
    }

    /// Appends the nodes of spellings in order: each shares its beginning with the path of the one before.
    private mutating func build(_ ids: [Int32]) {
        var path = [0]
        var previous: ArraySlice<UInt8> = []
        for id in ids {
            let spelling = self.spelling(of: id)
            var shared = 0
            while shared < min(previous.count, spelling.count),
                previous[previous.startIndex + shared] == spelling[spelling.startIndex + shared]
            {
                shared += 1
            }
            path.removeLast(path.count - 1 - shared)
            for byte in spelling.dropFirst(shared) {
                path.append(bytes.count)
                bytes.append(byte)
                depths.append(UInt16(path.count - 1))
                firstTokens.append(Int32(tokens.count))
            }
            tokens.append(id)
            longest = max(longest, spelling.count)
            previous = spelling
        }
        firstTokens.append(Int32(tokens.count))
        ends = [Int32](repeating: Int32(bytes.count), count: bytes.count)
        // The next node that is no deeper ends a subtree.
        var open: [Int] = []
        for node in bytes.indices {
            while let last = open.last, depths[last] >= depths[node] {
                ends[last] = Int32(node)
                open.removeLast()
            }
            open.append(node)
        }
    }
}
