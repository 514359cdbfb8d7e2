/// Finds the longest token spelled at a place in the text, among those that are not learned pieces: control
/// tokens and marks, and the user-defined tokens that stand for text of their own. Children hang in sibling lists of
/// flat arrays; a node is an index, 0 the root.
struct SpecialTokenTrie: Sendable {
    /// A token's conditions on the text around it, as the `tokenizers` library has it.
    struct MatchRule: Sendable, Equatable {
        /// Takes in the whitespace before it, after it.
        var takesSpaceBefore = false
        var takesSpaceAfter = false
        /// No token inside a word.
        var isWord = false
        /// Looked for in the text as the checkpoint's steps change it first, and spelled so.
        var isNormalized = false
    }

    struct Match {
        var token: Int32
        var count: Int
    }

    private struct Node {
        var byte: UInt8
        var isTrustedOnly = false
        var token: Int32 = -1
        var firstChild: UInt32 = 0
        var nextSibling: UInt32 = 0
    }

    private var nodes = [Node(byte: 0)]
    private var startsTrustedOnly = [Bool](repeating: false, count: 256)
    private var startsAnywhere = [Bool](repeating: false, count: 256)
    /// Whether there are tokens that any text may become.
    private(set) var hasUserDefined = false
    /// For tokens that do not stand for themselves alone.
    var rules: [Int32: MatchRule] = [:]

    var isEmpty: Bool { nodes.count == 1 }

    /// False when two special tokens are spelled alike; the first keeps the spelling. Empty spellings are no tokens.
    @discardableResult
    mutating func insert(_ spelling: some Collection<UInt8>, token: Int32, isTrustedOnly: Bool) -> Bool {
        guard let first = spelling.first else { return true }
        var node = 0
        for byte in spelling { node = child(of: node, byte) ?? appendChild(to: node, byte) }
        guard nodes[node].token < 0 else { return false }
        nodes[node].token = token
        nodes[node].isTrustedOnly = isTrustedOnly
        if isTrustedOnly {
            startsTrustedOnly[Int(first)] = true
        } else {
            startsAnywhere[Int(first)] = true
            hasUserDefined = true
        }
        return true
    }

    /// The longest special token at `index`. One that only templates may write must end at or before `trustedEnd`; a
    /// user-defined one anywhere in `text`.
    func longestMatch(in text: UnsafeBufferPointer<UInt8>, at index: Int, trustedEnd: Int) -> Match? {
        let first = Int(text[index])
        guard startsAnywhere[first] || (startsTrustedOnly[first] && index < trustedEnd) else { return nil }
        var best: Match?
        var node = 0
        var end = index
        while end < text.count, let next = child(of: node, text[end]) {
            node = next
            end += 1
            if nodes[node].token >= 0, !nodes[node].isTrustedOnly || end <= trustedEnd {
                best = Match(token: nodes[node].token, count: end - index)
            }
        }
        return best
    }

    func token(_ spelling: String) -> Int32? {
        var node = 0
        for byte in spelling.utf8 {
            guard let next = child(of: node, byte) else { return nil }
            node = next
        }
        return nodes[node].token < 0 ? nil : nodes[node].token
    }

    private func child(of node: Int, _ byte: UInt8) -> Int? {
        var child = Int(nodes[node].firstChild)
        while child != 0 {
            if nodes[child].byte == byte { return child }
            child = Int(nodes[child].nextSibling)
        }
        return nil
    }

    private mutating func appendChild(to node: Int, _ byte: UInt8) -> Int {
        nodes.append(Node(byte: byte, nextSibling: nodes[node].firstChild))
        nodes[node].firstChild = UInt32(nodes.count - 1)
        return nodes.count - 1
    }
}
