import ProviderKit

/// Clears away dropped banks, a few rows at a time, and rests after each piece for as long as it took: what is added
/// meanwhile has the disk half of the time at least.
final class ClearingStage<Store: BankStore>: Sendable {
    private let store: Store
    private let work = BackgroundWork()

    init(_ store: Store, log: Log) {
        self.store = store
        work.start("clearing away dropped banks", log) { [weak self] in try await self?.run() }
    }

    func wake() { work.wake() }

    func stop() async { await work.stop() }

    /// Seconds until another look.
    private func run() async throws -> Double? {
        while !work.isStopped {
            let start = ContinuousClock.now
            guard try await store.write(.freeing, { try $0.clearSome() }) else { return Store.lookAgainSeconds }
            try await Task.sleep(for: min(.seconds(1), .now - start))
        }
        return nil
    }
}
