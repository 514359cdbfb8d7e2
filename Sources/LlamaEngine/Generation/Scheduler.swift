import Synchronization

/// Decides what each step of the engine computes. `submit`, `post`, `requestStop` and `load` are for any thread; all else
/// happens on the thread that calls `run`.
final class Scheduler: @unchecked Sendable {
    enum Command: Sendable {
        case submit(SequenceState)
        case cancel(UInt64)
        case resume(UInt64)
    }

    /// What the threads share, under the monitor's lock.
    private struct Inbox {
        var commands: [Command] = []
        /// Requests taken in and not ended.
        var live = 0
        var lastNumber: UInt64 = 0
        var isStopping = false
        var load = Engine.Load()
    }

    private let monitor = Monitor()
    private var inbox = Inbox()

    private let options: Engine.Options
    private let contextTokens: Int
    private let vocabulary: Int
    private let decoder: Decoder
    private let pages: KVPagePool

    private var waiting: [SequenceState] = []
    private var running: [SequenceState] = []
    private var reservedPages = 0
    /// The sequence whose prompt was served last; the next one's turn comes after it.
    private var lastPrefilled: UInt64 = 0

    init(decoder: Decoder, options: Engine.Options, contextTokens: Int) {
        self.decoder = decoder
        self.options = options
        self.contextTokens = contextTokens
        vocabulary = decoder.model.configuration.vocabulary
        let layout = decoder.cacheLayout
        pages = KVPagePool(layout: layout, pagesMax: options.cacheBytesMax.map { $0 / layout.pageBytes } ?? .max)
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
            let sequence = SequenceState(number: inbox.lastNumber, request, tokensMax: tokensMax, sink: sink)
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

    var load: Engine.Load { monitor.locked { inbox.load } }

    /// - Returns: how many tokens the request may generate.
    private func admissible(_ request: Generation.Request) throws(GenerationError) -> Int {
        try request.sampling.validate()
        let (prompt, requested) = (request.prompt.count, request.tokensMax)
        guard requested >= 0 else {
            throw .invalidParameter(name: "max_tokens", reason: "must be 0 or more, got \(requested)")
        }
        guard prompt > 0 else { throw .emptyPrompt }
        // An answer of no set length needs room for one token at least.
        guard prompt < contextTokens, requested <= contextTokens - prompt else {
            throw .contextLengthExceeded(limit: contextTokens, promptTokens: prompt, requested: requested)
        }
        if let adapter = request.adapter, !adapter.fits(decoder.model.configuration) {
            throw .invalidParameter(name: "adapter", reason: "must have been made for this model, got one for another")
        }
        if let index = request.prompt.firstIndex(where: { $0 < 0 || Int($0) >= vocabulary }) {
            throw .tokenOutOfRange(id: request.prompt[index], index: index, vocabulary: vocabulary)
        }
        guard pages.pagesMax != .max else { return requested == 0 ? contextTokens - prompt : requested }
        let room = pages.pagesMax * KVLayout.positions + 1
        guard prompt < room, requested <= room - prompt else {
            throw .cacheTooSmall(limit: room, promptTokens: prompt, requested: requested)
        }
        return requested == 0 ? min(contextTokens, room) - prompt : requested
    }

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
        let (commands, isStopping) = monitor.locked {
            while inbox.commands.isEmpty, !inbox.isStopping, !canAdmit, running.allSatisfy(\.isPaused) {
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
            case .resume(let number): running.first { $0.number == number }?.isPaused = false
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

    private var canAdmit: Bool {
        guard running.count < options.runningMax, let next = waiting.first else { return false }
        return next.pagesMax <= pages.pagesMax - reservedPages
    }

    /// Gives places to those that wait, in their order. One that must wait for memory holds up those behind it, so that
    /// a long request is not overtaken for ever.
    private func admit() {
        while canAdmit {
            let next = waiting.removeFirst()
            next.cache = KVCache(pool: pages)
            reservedPages += next.pagesMax
            running.append(next)
        }
    }

    /// One pass: a token for each sequence that generates, and the next part of some prompts.
    private func step() {
        var batch: [(sequence: SequenceState, segment: Decoder.Segment)] = []
        for (sequence, count) in plan() {
            guard let cache = sequence.cache else { continue }
            do {
                try cache.reserve(count)
            } catch {
                end(sequence.number) { $0.end(.failed(error)) }
                continue
            }
            let segment = Decoder.Segment(
                tokens: sequence.pending.prefix(count), cache: cache,
                logits: count == sequence.pending.count ? .last : .none, adapter: sequence.adapter)
            batch.append((sequence, segment))
        }
        guard !batch.isEmpty else { return }
        do {
            let logits = try decoder.run(batch.map(\.segment))
            deliver(batch, logits)
        } catch {
            for (sequence, _) in batch { end(sequence.number) { $0.end(.failed(error)) } }
        }
    }

    /// Which sequences take part in the next step, each with how many of its tokens.
    private func plan() -> [(SequenceState, Int)] {
        let ready = running.filter { !$0.isPaused }
        var plan = ready.filter { !$0.isInPrompt }.map { ($0, $0.pending.count) }
        let prompts = ready.filter(\.isInPrompt).sorted { $0.number < $1.number }
        let next = prompts.firstIndex { $0.number > lastPrefilled } ?? 0
        var left = options.prefillTokensMax
        for sequence in prompts[next...] + prompts[..<next] where left > 0 {
            let count = min(left, sequence.pending.count)
            plan.append((sequence, count))
            left -= count
            lastPrefilled = sequence.number
        }
        return plan
    }

    /// Samples from the pass's logits and sends the tokens.
    private func deliver(
        _ batch: [(sequence: SequenceState, segment: Decoder.Segment)], _ logits: UnsafeBufferPointer<Float>
    ) {
        // Counted before any sink hears of it: whoever reads the count at a last event finds its own tokens in it.
        let computed = batch.reduce(0) { $0 + $1.segment.tokens.count }
        monitor.locked { inbox.load.tokensComputed += computed }
        var row = 0
        for (sequence, segment) in batch {
            sequence.pending = sequence.pending.dropFirst(segment.tokens.count)
            guard segment.logitRows > 0 else { continue }
            let own = UnsafeBufferPointer(rebasing: logits[row * vocabulary..<(row + 1) * vocabulary])
            row += 1
            continueSequence(sequence, with: sequence.sampler.next(own))
        }
    }

    private func continueSequence(_ sequence: SequenceState, with token: Generation.Token?) {
        guard let token else {
            let position = sequence.promptTokens + sequence.generatedTokens - 1
            return end(sequence.number) { $0.end(.failed(.invalidLogits(position: position))) }
        }
        sequence.generatedTokens += 1
        if sequence.stopTokens.contains(token.id) {
            return end(sequence.number) { $0.finish(.stop(token: token.id)) }
        }
        sequence.pending = [token.id]
        let flow = sequence.sink(.token(token))
        if flow == .closed {
            end(sequence.number) { $0.finish(.cancelled) }
        } else if sequence.generatedTokens == sequence.tokensMax {
            end(sequence.number) { $0.finish(.length) }
        } else {
            sequence.isPaused = flow == .pause
        }
    }

    /// Takes the sequence out, gives its place free, then sends its last event by `last`. Nothing happens when it has ended.
    private func end(_ number: UInt64, _ last: (SequenceState) -> Void) {
        let ended: SequenceState
        if let index = running.firstIndex(where: { $0.number == number }) {
            ended = running.remove(at: index)
            reservedPages -= ended.pagesMax
        } else if let index = waiting.firstIndex(where: { $0.number == number }) {
            ended = waiting.remove(at: index)
        } else {
            return
        }
        ended.cache?.truncate(to: 0)
        monitor.locked { inbox.live -= 1 }
        publishLoad()
        last(ended)
    }

    private func publishLoad() {
        let (running, waiting) = (running.count, waiting.count)
        let cacheBytes = pages.pagesInUse * pages.layout.pageBytes
        monitor.locked {
            inbox.load.running = running
            inbox.load.waiting = waiting
            inbox.load.cacheBytes = cacheBytes
        }
    }
}
