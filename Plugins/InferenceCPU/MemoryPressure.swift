import Dispatch
import LlamaEngine
import ProviderKit
import Synchronization

/// Watches how much is left of the memory that was free when the models were loaded, whichever process takes it: first
/// new requests are refused, then the engines free the memory that no answer needs.
///
/// Looks five times a second, on a thread of its own, so that the system is not asked for each token. Any thread.
final class MemoryPressure: Sendable {
    enum Level: Int, Comparable, Sendable {
        case ample
        /// New requests are refused.
        case high
        /// Engines shrink.
        case short
        /// Nothing may grow.
        case exhausted

        static func < (a: Level, b: Level) -> Bool { a.rawValue < b.rawValue }
    }

    /// Shares of the room, in percent, that may be taken.
    struct Bounds: Sendable {
        let admissionPercent: Int
        let shedPercent: Int

        /// Where `level` begins: the last one halfway between shedding and nothing left.
        fileprivate func percent(_ level: Level) -> Double {
            switch level {
            case .ample: 0
            case .high: Double(admissionPercent)
            case .short: Double(shedPercent)
            case .exhausted: Double(100 + shedPercent) / 2
            }
        }
    }

    static let periodMilliseconds = 200
    /// The share that must become free again before a level is left, so that levels do not change back and forth.
    static let hysteresisPercent = 5.0
    static let retryAfterSeconds = 5

    private struct State {
        /// Bytes that were free when the last model was loaded; nil before, and where nothing is known.
        var room: Int?
        var level = Level.ample
    }

    private let bounds: Bounds
    private let log: Log
    private let bytesFree: @Sendable () -> Int?
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "inference-cpu-memory", qos: .utility)

    /// - Parameter bytesFree: what could still be taken; nil where nothing is known.
    init(_ bounds: Bounds, log: Log, bytesFree: @escaping @Sendable () -> Int?) {
        (self.bounds, self.log, self.bytesFree) = (bounds, log, bytesFree)
    }

    /// Watches until this object is released. `levelChanged` is called on the watch's thread.
    func watch(_ levelChanged: @escaping @Sendable (Level) -> Void) {
        queue.asyncAfter(deadline: .now() + .milliseconds(Self.periodMilliseconds)) { [weak self] in
            guard let self else { return }
            if let level = look() { levelChanged(level) }
            watch(levelChanged)
        }
    }

    /// A model has been loaded: what it left is the room from now on.
    func modelWasLoaded() {
        queue.async { [self] in
            let free = bytesFree()
            state.withLock { $0.room = free }
        }
    }

    /// Throws when no new request may begin.
    func checkAdmission() throws(ProviderError) {
        guard state.withLock({ $0.level }) != .ample else { return }
        throw ProviderError(
            .overloaded, "the server is short of memory; answers under way go on, new requests must wait",
            retryAfterSeconds: Self.retryAfterSeconds)
    }

    /// - Returns: the level, when it is another one than before.
    private func look() -> Level? {
        guard let room = state.withLock({ $0.room }), let free = bytesFree() else { return nil }
        let (before, level) = state.withLock { state in
            let before = state.level
            state.level = Self.level(free: free, room: room, bounds, from: before)
            return (before, state.level)
        }
        guard level != before else { return nil }
        let fields = ["free_bytes": "\(free)", "free_bytes_after_loading": "\(room)"]
        switch level {
        case .ample: log.info("memory is ample again", fields)
        case .high: log.warning("memory is short: new requests are refused", fields)
        case .short:
            log.warning("memory is very short: idle caches are dropped and answers make room for older ones", fields)
        case .exhausted: log.error("memory is exhausted: no answer may take more", fields)
        }
        return level
    }

    static func level(free: Int, room: Int, _ bounds: Bounds, from before: Level) -> Level {
        let taken = 100 * (1 - Double(free) / Double(max(1, room)))
        return [Level.exhausted, .short, .high].first { level in
            taken >= bounds.percent(level) - (level <= before ? hysteresisPercent : 0)
        } ?? .ample
    }
}

extension Generation.MemoryShortage {
    init(_ level: MemoryPressure.Level) {
        self =
            switch level {
            case .ample, .high: .none
            case .short: .short
            case .exhausted: .exhausted
            }
    }
}
