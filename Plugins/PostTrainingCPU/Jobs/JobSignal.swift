import Synchronization

/// The word from outside to a running job, looked at between layers.
final class JobSignal: Sendable {
    enum Wish: Int {
        case none
        /// The instance is shutting down: the job goes on with the next start.
        case pause
        case cancel
    }

    private let wish = Atomic(Wish.none.rawValue)

    /// The stronger wish stays.
    func set(_ new: Wish) { _ = wish.max(new.rawValue, ordering: .relaxed) }

    var isSet: Bool { wish.load(ordering: .relaxed) != 0 }
    var current: Wish { Wish(rawValue: wish.load(ordering: .relaxed)) ?? .none }
}
