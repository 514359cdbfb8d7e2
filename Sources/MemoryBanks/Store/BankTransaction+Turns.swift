extension BankTransaction {
    /// The banks that have a turn next: once round those that `next` gives, from the one after `bank` on. Dropped ones
    /// are left out.
    package func turns(
        after bank: Int64, countMax: Int, next: (_ after: Int64) throws -> Int64?
    ) throws -> [Int64] {
        var found: [Int64] = []
        var (current, isRound) = (bank, false)
        while found.count < countMax {
            guard let following = try next(current), !isRound || following <= bank else {
                if isRound { break }
                (current, isRound) = (0, true)
                continue
            }
            current = following
            if try isLive(following) { found.append(following) }
        }
        return found
    }
}
