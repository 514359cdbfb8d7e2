/// Tells the reader of a token queue, while no token comes, whether the engine works: a long prompt, or the turns of
/// others before it. By a count of the engine's, so that an engine that hangs is not taken for one that works.
struct ProgressWatch: Sendable {
    /// Between two looks at the count.
    var interval = Duration.seconds(5)
    /// This many looks in a row without a change are the end: five minutes, longer than a step of a large model takes
    /// on a slow machine.
    var stillLooksMax = 60

    /// Looks until it is cancelled, or has told that the engine hangs.
    ///
    /// - Parameter count: grows with the work of the engine, whichever request it is for.
    func run(_ queue: TokenQueue, _ count: @Sendable () -> Int) async {
        var last = count()
        var stillLooks = 0
        while (try? await Task.sleep(for: interval)) != nil {
            let now = count()
            let isMoving = now != last
            last = now
            // An engine may well rest while its reader is busy.
            stillLooks = isMoving || !queue.isAwaited ? 0 : stillLooks + 1
            if isMoving {
                queue.tell(.progress)
            } else if stillLooks >= stillLooksMax {
                return queue.tell(.stalled)
            }
        }
    }
}
