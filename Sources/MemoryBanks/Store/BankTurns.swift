/// The order in which waiting banks have their turns (round robin).
package enum BankTurns {
    /// Goes once round the banks that `next` gives, from the one after `bank` on.
    ///
    /// - Parameters:
    ///   - countMax: the most banks to return.
    ///   - next: the waiting bank with the lowest number above the given one; nil when there is none.
    ///   - isListed: false for a bank that is dropped, which has no turn.
    package static func once(
        after bank: Int64, countMax: Int, next: (_ after: Int64) throws -> Int64?, isListed: (Int64) throws -> Bool
    ) rethrows -> [Int64] {
        var found: [Int64] = []
        var (current, isRound) = (bank, false)
        while found.count < countMax {
            guard let following = try next(current), !isRound || following <= bank else {
                if isRound { break }
                (current, isRound) = (0, true)
                continue
            }
            current = following
            if try isListed(following) { found.append(following) }
        }
        return found
    }
}
