/// Makes pages on demand, up to a limit, and keeps some of those given back. One thread at a time.
final class KVPagePool {
    let layout: KVLayout
    let pagesMax: Int
    /// Pages kept that no sequence holds; more go back to the system.
    let idlePagesMax: Int
    private(set) var pagesInUse = 0
    private var spare: [KVPage] = []

    init(layout: KVLayout, pagesMax: Int, idlePagesMax: Int = 16) {
        self.layout = layout
        self.pagesMax = pagesMax
        self.idlePagesMax = idlePagesMax
    }

    /// Pages that sequences can still take, if the system has the memory.
    var pagesFree: Int { pagesMax - pagesInUse }

    /// Pages kept for later.
    var pagesIdle: Int { spare.count }

    /// - Throws: `GenerationError.outOfMemory` when the limit is reached or the system has no more.
    func take() throws(GenerationError) -> KVPage {
        guard pagesInUse < pagesMax, let page = spare.popLast() ?? KVPage(bytes: layout.pageBytes) else {
            throw .outOfMemory(bytes: layout.pageBytes)
        }
        pagesInUse += 1
        page.users = 1
        return page
    }

    /// Takes back what `take` gave.
    func giveBack(_ page: KVPage) {
        page.users -= 1
        guard page.users == 0 else { return }
        pagesInUse -= 1
        if pagesIdle < idlePagesMax { spare.append(page) }
    }
}
