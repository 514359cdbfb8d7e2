/// Finds the longest token spelled at a place in the text, among those that are not learned pieces: control
/// tokens, and the user-defined tokens that stand for text of their own. Children hang in sibling lists of flat
/// arrays; a node is an index, 0 the root.
struct SpecialTokenTrie: Sendable {
    private struct Node {
        var byte: UInt8
        var isControl = false
        var token: Int32 = -1
        var firstChild: UInt32 = 0
        var nextSibling: UInt32 = 0
    }

    private var nodes = [Node(byte: 0)]
    private var startsControl = [Bool](repeating: false, count: 256)
    private var startsUserDefined = [Bool](repeating: false, count: 256)
    private(set) var hasUserDefined = false

    /// False when two special tokens are spelled alike; the first keeps the spelling. Empty spellings are no tokens.
    @discardableResult
    mutating func insert(_ spelling: some Collection<UInt8>, token: Int32, isControl: Bool) -> Bool {
        guard let first = spelling.first else { return true }
        var node = 0
        for byte in spelling { node = child(of: node, byte) ?? appendChild(to: node, byte) }
        guard nodes[node].token < 0 else { return false }
        nodes[node].token = token
        nodes[node].isControl = isControl
        if isControl {
            startsControl[Int(first)] = true
        } else {
            startsUserDefined[Int(first)] = true
            hasUserDefined = true
        }
        return true
    }

    /// The longest special token at `index`. A control token must end at or before `controlEnd`; a user-defined
    /// one anywhere in `text`.
    func longestMatch(
        in text: UnsafeBufferPointer<UInt8>, at index: Int, controlEnd: Int
    ) -> (token: Int32, count: Int)? {
        let first = Int(text[index])
        guard startsUserDefined[first] || (startsControl[first] && index < controlEnd) else { return nil }
        var best: (token: Int32, count: Int)?
        var node = 0
        var end = index
        while end < text.count, let next = child(of: node, text[end]) {
            node = next
            end += 1
            if nodes[node].token >= 0, !nodes[node].isControl || end <= controlEnd {
                best = (nodes[node].token, end - index)
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
