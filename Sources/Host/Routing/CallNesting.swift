import LlamaStackAPI
import Synchronization

/// How deep providers' calls to each other are nested, so that providers that call each other in a circle come to an
/// end.
///
/// Counted by the host from the calls that are open: a call that a provider makes lies one deeper than the deepest open
/// call to that provider's API under the same request id. Calls that it makes side by side lie at the same depth.
final class CallNesting: Sendable {
    private struct Place: Hashable {
        var requestID: String
        var api: API
    }

    private let depthMax: Int
    /// The number of open calls at each depth, by API and request id.
    private let open = Mutex<[Place: [Int: Int]]>([:])

    init(depthMax: Int) { self.depthMax = depthMax }

    /// - Returns: what must be called once, when the call has ended.
    func enter(
        from caller: API, to target: API, requestID: String
    ) throws(CallError) -> @Sendable () -> Void {
        let place = Place(requestID: requestID, api: target)
        let depth = open.withLock { open -> Int? in
            let depth = 1 + (open[Place(requestID: requestID, api: caller)]?.keys.max() ?? 0)
            guard depth <= depthMax else { return nil }
            open[place, default: [:]][depth, default: 0] += 1
            return depth
        }
        guard let depth else {
            throw CallError(
                .callLoop,
                "\(caller.rawValue) called \(target.rawValue) at a depth of more than \(depthMax) nested calls: "
                    + "do providers call each other in a circle?"
            )
        }
        return { [self] in
            open.withLock { open in
                guard let count = open[place]?[depth] else { return }
                open[place]?[depth] = count > 1 ? count - 1 : nil
                if open[place]?.isEmpty == true { open[place] = nil }
            }
        }
    }
}
