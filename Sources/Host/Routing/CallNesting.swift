import LlamaStackAPI
import Synchronization

/// How deep providers' calls to each other are nested, so that providers that call each other in a circle come to an end.
///
/// Counted here from the calls that are open, by their request id: a call that a provider makes lies one deeper than the
/// deepest open call to that provider's API under the same id. Calls that it makes side by side lie at the same depth.
final class CallNesting: Sendable {
    private struct Place: Hashable {
        var requestID: String
        var api: API
    }

    private let depthMax: Int
    /// The depths of the open calls to an API, under a request id.
    private let open = Mutex<[Place: [Int]]>([:])

    init(depthMax: Int) { self.depthMax = depthMax }

    /// - Returns: what must be called once, when the call has ended.
    func enter(
        from caller: API, to target: API, requestID: String
    ) throws(StackError) -> @Sendable () -> Void {
        let place = Place(requestID: requestID, api: target)
        let depth = open.withLock { open -> Int? in
            let depth = 1 + (open[Place(requestID: requestID, api: caller)]?.max() ?? 0)
            guard depth <= depthMax else { return nil }
            open[place, default: []].append(depth)
            return depth
        }
        guard let depth else {
            throw StackError(
                .callLoop,
                "\(caller.rawValue) called \(target.rawValue) more than \(depthMax) calls deep: do providers call each other in a circle?"
            )
        }
        return { [self] in
            open.withLock { open in
                guard let index = open[place]?.firstIndex(of: depth) else { return }
                open[place]?.remove(at: index)
                if open[place]?.isEmpty == true { open[place] = nil }
            }
        }
    }
}

/// Passes an answer on, and says when it has ended.
struct EndedSink: AnswerSink {
    let sink: any AnswerSink
    let ended: @Sendable () -> Void

    init(_ sink: any AnswerSink, ended: @escaping @Sendable () -> Void) { (self.sink, self.ended) = (sink, ended) }

    func write(_ part: AnswerPart) -> Pressure { sink.write(part) }
    func finish(_ error: StackError?) {
        ended()
        sink.finish(error)
    }
    func whenWritable(_ wake: @escaping @Sendable () -> Void) { sink.whenWritable(wake) }
}
