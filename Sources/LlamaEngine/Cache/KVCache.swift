import Parallel

/// The keys and values of one sequence. One thread at a time.
final class KVCache {
    private let pool: KVPagePool
    private(set) var pages: [KVPage] = []
    /// Positions written by finished passes.
    private(set) var count = 0

    var layout: KVLayout { pool.layout }

    init(pool: KVPagePool) {
        self.pool = pool
    }

    deinit {
        truncate(to: 0)
    }

    /// Positions after `count` that are reserved.
    var room: Int { pages.count * KVLayout.positions - count }

    /// Makes room for `additional` positions after `count`.
    /// - Throws: `OutOfMemoryError`; the pages that there were are then reserved all the same.
    func reserve(_ additional: Int) throws(OutOfMemoryError) {
        while room < additional {
            pages.append(try pool.take())
        }
    }

    func advance(by written: Int) {
        count += written
        precondition(count <= pages.count * KVLayout.positions, "positions are reserved before they are written")
    }

    /// Forgets all but the first `kept` positions.
    func truncate(to kept: Int) {
        count = min(count, max(0, kept))
        let needed = (count + KVLayout.positions - 1) / KVLayout.positions
        // The last first: of two unused pages, the pool frees the later one.
        while pages.count > needed { pool.giveBack(pages.removeLast()) }
    }

    /// Shares a full page: takes it in the place of its own at `index`, or after its last.
    func adopt(_ page: KVPage, at index: Int) {
        pool.hold(page)
        if index < pages.count {
            pool.giveBack(pages[index])
            pages[index] = page
        } else {
            pages.append(page)
        }
        count = max(count, (index + 1) * KVLayout.positions)
    }

    /// Copies the first `positions` positions of a page into the one that `count` lies in, which has fewer. Does
    /// nothing when there is no memory.
    func copy(_ positions: Int, of page: KVPage) {
        let index = count / KVLayout.positions
        if index == pages.count {
            guard let page = try? pool.take() else { return }
            pages.append(page)
        }
        layout.copy(positions, from: page.memory, to: pages[index].memory)
        count = index * KVLayout.positions + positions
    }

    /// The page of `position`, which must be reserved.
    func memory(of position: Int) -> UnsafeMutableRawPointer {
        pages[position / KVLayout.positions].memory
    }
}
