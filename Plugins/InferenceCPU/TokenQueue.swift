import LlamaEngine
import Synchronization

/// Carries the events of one request from the engine's thread, which must not block, to the task that answers.
///
/// Holds at most `tokensMax` tokens: then the engine is told to pause this request. One reader.
final class TokenQueue: Sendable {
    enum Item: Sendable {
        /// Everything that came since the last look. `isPaused`: the engine waits to be resumed.
        case tokens([Generation.Token], isPaused: Bool)
        /// No token has come, and the engine works.
        case progress
        /// No token has come, and the engine has done nothing for so long that none will.
        case stalled
        case finished(Generation.Finish)
        case failed(GenerationError)
    }

    static let tokensMax = 64
    private let tokensMax: Int

    init(tokensMax: Int = TokenQueue.tokensMax) { self.tokensMax = tokensMax }

    private struct State {
        var tokens: [Generation.Token] = []
        var isPaused = false
        var ending: Item?
        /// ``Item/progress`` or ``Item/stalled``, for a reader that has nothing else.
        var sign: Item?
        var reader: UnsafeContinuation<Void, Never>?

        mutating func take() -> Item? {
            guard tokens.isEmpty else {
                defer { (tokens, isPaused) = ([], false) }
                return .tokens(tokens, isPaused: isPaused)
            }
            defer { sign = nil }
            return ending ?? sign
        }
    }

    private let state = Mutex(State())

    /// The engine's sink. Never blocks.
    func put(_ event: Generation.Event) -> Generation.Flow {
        let (flow, reader) = state.withLock { state -> (Generation.Flow, UnsafeContinuation<Void, Never>?) in
            switch event {
            case .token(let token):
                state.tokens.append(token)
                state.isPaused = state.tokens.count >= tokensMax
            case .finished(let finish): state.ending = .finished(finish)
            case .failed(let error): state.ending = .failed(error)
            }
            defer { state.reader = nil }
            return (state.isPaused ? .pause : .more, state.reader)
        }
        reader?.resume()
        return flow
    }

    /// Whether its reader waits.
    var isAwaited: Bool { state.withLock { $0.reader != nil } }

    /// Gives a sign of the engine to a reader that waits; one that is busy needs none. Never blocks.
    func tell(_ sign: Item) {
        let reader = state.withLock { state in
            defer { state.reader = nil }
            if state.reader != nil { state.sign = sign }
            return state.reader
        }
        reader?.resume()
    }

    /// The items that have arrived, or the next one. Not cut short by cancellation: the engine's last event always
    /// comes.
    func next() async -> Item {
        while true {
            if let item = state.withLock({ $0.take() }) { return item }
            await withUnsafeContinuation { continuation in
                let isEmpty = state.withLock { state in
                    let isEmpty = state.tokens.isEmpty && state.ending == nil && state.sign == nil
                    if isEmpty { state.reader = continuation }
                    return isEmpty
                }
                if !isEmpty { continuation.resume() }
            }
        }
    }
}
