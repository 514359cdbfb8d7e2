/// Whose keys and values a page holds: pages are shared only where all of this is equal.
struct PrefixKey: Hashable, Sendable {
    let owner: String
    /// Its `identity`: what was computed with it is kept longer than the adapter itself.
    let adapter: UInt64?
}

/// A page's place in the tree: the tokens whose keys and values it holds, after those of the pages on the way to it.
final class PrefixNode {
    /// Nil in a root.
    let page: KVPage?
    fileprivate(set) var tokens: [Int32] = []
    fileprivate var children: [PrefixNode] = []
    fileprivate weak var parent: PrefixNode?

    fileprivate init(page: KVPage?, parent: PrefixNode?) {
        self.page = page
        self.parent = parent
    }
}

/// Finds keys and values that some sequence has computed already, by the tokens that they belong to.
///
/// Every page of every sequence has a node from its first token on, and keeps it when the sequence has ended, until its
/// memory is needed. A full page is shared as it is; of one that agrees for a part, that part is copied, which costs
/// far less than computing it. Keys and values depend on the tokens before them and on nothing else, to the last bit:
/// so what is found here is what the sequence would have computed. One thread at a time.
final class PrefixTree {
    private let pool: KVPagePool
    private var roots: [PrefixKey: PrefixNode] = [:]

    /// Fewer tokens than this are computed sooner than they are copied.
    static let copiedTokensMin = 16

    init(pool: KVPagePool) {
        self.pool = pool
        pool.forget = { [weak self] page in self?.remove(page) }
    }

    /// Gives `cache` what is known of `tokens` beyond its own, but never the last of them: its logits are wanted.
    /// - Returns: positions won.
    func extend(_ cache: KVCache, with tokens: [Int32], _ key: PrefixKey) -> Int {
        let before = cache.count
        while cache.count < tokens.count - 1 {
            let index = cache.count / KVLayout.positions
            let start = index * KVLayout.positions
            let parent = index == 0 ? roots[key] : cache.pages[index - 1].node
            let wanted = tokens[start..<min(start + KVLayout.positions, tokens.count - 1)]
            guard let (node, known) = parent?.child(for: wanted), let page = node.page, start + known > cache.count
            else { break }
            if known == KVLayout.positions {
                take(page, for: cache, at: index)
                continue
            }
            guard start + known - cache.count >= Self.copiedTokensMin else { break }
            // Held meanwhile, so that the page is not taken for its own copy.
            pool.hold(page)
            cache.copy(known, of: page)
            pool.giveBack(page)
            break
        }
        return cache.count - before
    }

    /// Notes what `cache` holds: the keys and values of the first `cache.count` of `tokens`. Where another page turns
    /// out to hold the same, the cache gives its own back and takes that.
    func note(_ cache: KVCache, _ tokens: [Int32], _ key: PrefixKey) {
        var parent = root(key)
        for start in stride(from: 0, to: cache.count, by: KVLayout.positions) {
            let index = start / KVLayout.positions
            var node = cache.pages[index].node ?? add(cache.pages[index], to: parent)
            let end = min(start + KVLayout.positions, cache.count)
            if start + node.tokens.count < end {
                node.tokens += tokens[start + node.tokens.count..<end]
                if node.tokens.count == KVLayout.positions {
                    if let (twin, page) = parent.twin(of: node) {
                        take(page, for: cache, at: index)
                        node = twin
                    } else {
                        removeIdle(prefixesOf: node, in: parent)
                    }
                }
            }
            parent = node
        }
    }

    /// Records the pages of a sequence that is about to release them.
    func leave(_ cache: KVCache, _ tokens: [Int32], _ key: PrefixKey) {
        note(cache, tokens, key)
        guard cache.count > 0, let node = cache.pages[(cache.count - 1) / KVLayout.positions].node,
            let parent = node.parent
        else { return }
        removeIdle(prefixesOf: node, in: parent)
        if node.children.isEmpty,
            parent.children.contains(where: { $0 !== node && $0.tokens.starts(with: node.tokens) }),
            let page = node.page
        {
            remove(page)
        }
    }

    /// Pages of sequences that run which a sequence of these tokens would share.
    func pagesShared(_ tokens: [Int32], _ key: PrefixKey) -> Int {
        var node = roots[key]
        var count = 0
        for start in stride(from: 0, to: tokens.count - KVLayout.positions, by: KVLayout.positions) {
            guard let (child, known) = node?.child(for: tokens[start..<start + KVLayout.positions]),
                known == KVLayout.positions, let page = child.page, page.users > 0
            else { break }
            (node, count) = (child, count + 1)
        }
        return count
    }

    private func root(_ key: PrefixKey) -> PrefixNode {
        if let root = roots[key] { return root }
        let root = PrefixNode(page: nil, parent: nil)
        roots[key] = root
        return root
    }

    private func add(_ page: KVPage, to parent: PrefixNode) -> PrefixNode {
        let node = PrefixNode(page: page, parent: parent)
        parent.children.append(node)
        page.node = node
        return node
    }

    /// Puts a known page in the place of the cache's own, or after its last.
    private func take(_ page: KVPage, for cache: KVCache, at index: Int) {
        if index < cache.pages.count { remove(cache.pages[index]) }
        cache.adopt(page, at: index)
    }

    /// A node without children leaves the tree; its page is then like any other.
    private func remove(_ page: KVPage) {
        guard let node = page.node else { return }
        page.node = nil
        guard let parent = node.parent else { return }
        parent.children.removeAll { $0 === node }
        if parent.page == nil, parent.children.isEmpty { roots = roots.filter { $0.value !== parent } }
    }

    private func removeIdle(prefixesOf node: PrefixNode, in parent: PrefixNode) {
        for other in parent.children where other !== node {
            if let page = other.page, page.users == 0, node.tokens.starts(with: other.tokens), other.children.isEmpty {
                remove(page)
                pool.dropIdle(page)
            }
        }
    }
}

extension PrefixNode {
    /// The child that agrees with `wanted` for longest, and for how many tokens.
    fileprivate func child(for wanted: ArraySlice<Int32>) -> (PrefixNode, Int)? {
        var best: (PrefixNode, Int)?
        for child in children {
            let known = child.tokens.commonPrefix(with: wanted)
            if known > best?.1 ?? 0 { best = (child, known) }
        }
        return best
    }

    /// Another child with the same tokens as the child `node`.
    fileprivate func twin(of node: PrefixNode) -> (PrefixNode, KVPage)? {
        guard let twin = children.first(where: { $0 !== node && $0.tokens == node.tokens }), let page = twin.page
        else { return nil }
        return (twin, page)
    }
}

extension RandomAccessCollection<Int32> {
    /// How many elements at the front are equal.
    func commonPrefix(with other: some RandomAccessCollection<Int32>) -> Int {
        zip(self, other).prefix { $0 == $1 }.count
    }
}
