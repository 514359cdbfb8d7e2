import Parallel
import Synchronization

/// Decides what each step of the engine computes. `submit`, `post`, `requestStop` and `load` are for any thread; all
/// else happens on the thread that calls `run`.
final class Scheduler: @unchecked Sendable {
    enum Command: Sendable {
        case submit(SequenceState)
        case cancel(UInt64)
        case resume(UInt64)
        case memory(Generation.MemoryShortage)
    }

    /// The state that threads share, under the monitor's lock.
    private struct Inbox {
        var commands: [Command] = []
        /// Requests taken in and not ended.
        var live = 0
        var lastNumber: UInt64 = 0
        var isStopping = false
        var load = Generation.Load()
    }

    private let monitor = Monitor()
    private var inbox = Inbox()

    let options: Generation.Options
    let contextTokens: Int
    let vocabulary: Int
    let decoder: Decoder
    let pages: KVPagePool
    /// Nil where guesses come from the text.
    let draftModel: DraftModel?
    /// Nil where sharing is off.
    let prefixes: PrefixTree?

    /// Both in the order of their numbers. A sequence that was pre-empted is older than all that never ran, so it comes
    /// back first.
    var waiting: [SequenceState] = []
    var running: [SequenceState] = []
    /// Whether the next step's prompt tokens go to the oldest first.
    var favoursOldest = true
    var shortage = Generation.MemoryShortage.none

    init(decoder: Decoder, draft: Generation.Draft?, options: Generation.Options, contextTokens: Int) {
        self.decoder = decoder
        self.options = options
        self.contextTokens = contextTokens
        vocabulary = decoder.model.configuration.vocabulary
        let layout = decoder.cacheLayout
        let drafter = draft.map {
            Decoder(
                model: $0.model, precision: options.precision, cachePrecision: options.cachePrecision,
                pool: decoder.pool)
        }
        // A draft's keys and values come to as many positions as its sequence's, at most: so the limit holds for both
        // together.
        let pageBytes = layout.pageBytes + (drafter?.cacheLayout.pageBytes ?? 0)
        let pagesMax = options.cacheBytesMax.map { $0 / pageBytes } ?? .max
        let idlePagesMax = options.idlePagesMax(pageBytes: pageBytes)
        pages = KVPagePool(
            layout: layout, pagesMax: pagesMax, idlePagesMax: idlePagesMax,
            keepsRecent: options.keepsRecent)
        draftModel = drafter.map { drafter in
            DraftModel(
                decoder: drafter,
                pages: KVPagePool(
                    layout: drafter.cacheLayout, pagesMax: pagesMax, idlePagesMax: idlePagesMax,
                    keepsRecent: options.keepsRecent),
                sharesPrefixes: options.prefixSharing, cost: draft?.cost ?? 0, tokensReadMax: options.prefillTokensMax)
        }
        prefixes = options.prefixSharing ? PrefixTree(pool: pages) : nil
    }

    // MARK: - For any thread

    func submit(
        _ request: Generation.Request, sink: @escaping Generation.Sink
    ) throws(GenerationError) -> Generation.Handle {
        let tokensMax = try admissible(request)
        let result: Result<UInt64, GenerationError> = monitor.locked {
            if inbox.isStopping { return .failure(.engineStopped) }
            guard inbox.live < options.runningMax + options.waitingMax else {
                return .failure(.queueFull(waiting: inbox.live - options.runningMax, limit: options.waitingMax))
            }
            inbox.live += 1
            inbox.lastNumber += 1
            let sequence = SequenceState(
                number: inbox.lastNumber, request, tokensMax: tokensMax, vocabulary: vocabulary, sink: sink)
            inbox.commands.append(.submit(sequence))
            monitor.wakeAll()
            return .success(inbox.lastNumber)
        }
        return Generation.Handle(number: try result.get())
    }

    func post(_ command: Command) {
        monitor.locked {
            inbox.commands.append(command)
            monitor.wakeAll()
        }
    }

    func requestStop() {
        monitor.locked {
            inbox.isStopping = true
            monitor.wakeAll()
        }
    }

    var load: Generation.Load { monitor.locked { inbox.load } }

    // MARK: - The engine's thread

    /// Computes until `requestStop`.
    func run() {
        while takeCommands() {
            endOverdue()
            admit()
            step()
            publishLoad()
        }
        for sequence in running + waiting { sequence.end(.failed(.engineStopped)) }
        running = []
        waiting = []
        publishLoad()
    }

    /// Sleeps until there is something to do, then does what the callers asked for.
    /// - Returns: false when the engine is to stop.
    private func takeCommands() -> Bool {
        let isIdle = running.allSatisfy(\.isPaused) && !canAdmit
        let (commands, isStopping) = monitor.locked {
            while inbox.commands.isEmpty, !inbox.isStopping, isIdle {
                guard let deadline = (running + waiting).compactMap(\.deadline).min() else {
                    monitor.wait()
                    continue
                }
                let left = ContinuousClock.now.duration(to: deadline)
                if left <= .zero { break }
                monitor.wait(atMost: left)
            }
            defer { inbox.commands.removeAll(keepingCapacity: true) }
            return (inbox.commands, inbox.isStopping)
        }
        for command in commands {
            switch command {
            case .submit(let sequence): waiting.append(sequence)
            case .cancel(let number): end(number) { $0.finish(.cancelled) }
            case .resume(let number): (running + waiting).first { $0.number == number }?.isPaused = false
            case .memory(let shortage): adapt(to: shortage)
            }
        }
        return !isStopping
    }

    private func endOverdue() {
        let now = ContinuousClock.now
        for sequence in running + waiting {
            if let deadline = sequence.deadline, deadline <= now {
                end(sequence.number) { $0.end(.failed(.deadlineExceeded)) }
            }
        }
    }

    /// Takes the sequence out, gives its place free, then sends its last event by `last`. Nothing happens when it has
    /// ended.
    func end(_ number: UInt64, _ last: (SequenceState) -> Void) {
        let ended: SequenceState
        if let index = running.firstIndex(where: { $0.number == number }) {
            ended = running.remove(at: index)
        } else if let index = waiting.firstIndex(where: { $0.number == number }) {
            ended = waiting.remove(at: index)
        } else {
            return
        }
        releaseMemory(of: ended)
        monitor.locked { inbox.live -= 1 }
        publishLoad()
        last(ended)
    }

    /// Adds to the counts that `load` answers.
    func count(_ change: (inout Generation.Load) -> Void) {
        monitor.locked { change(&inbox.load) }
    }

    private func publishLoad() {
        count { load in
            load.running = running.count
            load.waiting = waiting.count
            load.cacheBytes = pages.bytesInUse + (draftModel?.cacheBytes ?? 0)
            load.idleCacheBytes = pages.bytesIdle + (draftModel?.idleCacheBytes ?? 0)
        }
    }
}
