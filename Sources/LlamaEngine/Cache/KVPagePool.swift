import Parallel

/// Makes pages on demand, up to a limit, and keeps some of those given back. One thread at a time.
final class KVPagePool {
    let layout: KVLayout
    let pagesMax: Int
    /// Pages kept that no sequence holds; more go back to the system, but for those of a long sequence that ended not
    /// long ago, where `keepsRecent` is set.
    let idlePagesMax: Int
    private let keepsRecent: Bool
    /// The pages of each of the last `recentMax` sequences that ended.
    private var recent: [Int] = []
    private(set) var pagesInUse = 0
    /// Pages that may be in use: `pagesMax`, or fewer while memory is short.
    private var pagesAllowed: Int
    private var isShort = false
    /// Pages that stand for nothing.
    private var spare: [KVPage] = []
    /// Pages that a later sequence may share, least recently used first. A page stands behind those that follow it in a
    /// sequence, since a sequence gives its last page back first: so no page is freed before those that depend on it.
    private var known: [KVPage] = []
    /// Called for a known page that is about to be used for something else.
    var forget: (KVPage) -> Void = { _ in }

    init(layout: KVLayout, pagesMax: Int, idlePagesMax: Int = 16, keepsRecent: Bool = false) {
        self.layout = layout
        self.pagesMax = pagesMax
        pagesAllowed = pagesMax
        (self.idlePagesMax, self.keepsRecent) = (idlePagesMax, keepsRecent)
    }

    /// As many sequences may end after a long one before its pages are kept no longer.
    static let recentMax = 16

    /// Pages that sequences can still take, if the system has the memory.
    var pagesFree: Int { pagesAllowed - pagesInUse }

    /// Pages kept for later.
    var pagesIdle: Int { spare.count + known.count }

    var bytesInUse: Int { pagesInUse * layout.pageBytes }
    var bytesIdle: Int { pagesIdle * layout.pageBytes }

    /// - Throws: `OutOfMemoryError` when the limit is reached or the system has no more.
    func take() throws(OutOfMemoryError) -> KVPage {
        guard pagesInUse < pagesAllowed, let page = spare.popLast() ?? makePage() ?? oldestKnown() else {
            throw OutOfMemoryError(bytes: layout.pageBytes)
        }
        pagesInUse += 1
        page.users = 1
        return page
    }

    /// One user more for a page.
    func hold(_ page: KVPage) {
        if page.users == 0 {
            known.removeAll { $0 === page }
            pagesInUse += 1
        }
        page.users += 1
    }

    /// Takes back what `take` or `hold` gave.
    func giveBack(_ page: KVPage) {
        page.users -= 1
        guard page.users == 0 else { return }
        pagesInUse -= 1
        if page.node == nil { spare.append(page) } else { known.append(page) }
        freeIdle(keeping: isShort ? 0 : idlePagesNow)
    }

    /// With a long sequence beside short ones, enough for both: these would take the end of the long one otherwise.
    private var idlePagesNow: Int {
        let longest = recent.max() ?? 0
        return longest > idlePagesMax ? idlePagesMax + longest : idlePagesMax
    }

    /// Called before a sequence gives back the `count` pages that it holds at its end: so that the next turn of a
    /// conversation finds all of it, the pages of the longest of the last sequences are kept.
    func noteEnd(pages count: Int) {
        guard keepsRecent else { return }
        if recent.count == Self.recentMax { recent.removeFirst() }
        recent.append(count)
    }

    /// Returns unused pages to the system. Until `grow` is called, no more pages are in use than are now.
    func shrink() {
        freeIdle(keeping: 0)
        pagesAllowed = pagesInUse
        isShort = true
    }

    func grow() {
        pagesAllowed = pagesMax
        isShort = false
    }

    /// Allows one page more, for a sequence when no other has pages to give up.
    /// - Returns: false when what is allowed is not what is missing.
    func allowOneMore() -> Bool {
        guard pagesInUse == pagesAllowed, pagesAllowed < pagesMax else { return false }
        pagesAllowed += 1
        return true
    }

    /// Makes an idle page that is known no more a spare one.
    func dropIdle(_ page: KVPage) {
        known.removeAll { $0 === page }
        spare.append(page)
    }

    private func freeIdle(keeping count: Int) {
        while pagesIdle > count, spare.popLast() ?? oldestKnown() != nil {}
    }

    private func makePage() -> KVPage? {
        pagesInUse + pagesIdle < pagesMax ? KVPage(bytes: layout.pageBytes) : nil
    }

    private func oldestKnown() -> KVPage? {
        guard !known.isEmpty else { return nil }
        let page = known.removeFirst()
        forget(page)
        return page
    }
}
