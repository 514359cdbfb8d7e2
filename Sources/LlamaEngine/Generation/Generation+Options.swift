import Checkpoints
import Parallel

extension Generation {
    /// How an engine runs its model.
    package struct Options: Sendable {
        /// Threads that compute, 1 to `ThreadPool.threadsMax`.
        package var threads = 1
        package var precision = Precision.quantized
        /// How keys and values are kept, a draft's too; nil: f32 where the precision is exact, otherwise bf16.
        package var cachePrecision: CachePrecision?
        /// Positions of one sequence, prompt and answer together; nil, or more than the model has, means the model's
        /// own.
        package var contextTokensMax: Int?
        /// Sequences computed at the same time.
        package var runningMax = 16
        /// Requests that wait for a place; one more is refused with `queueFull`.
        package var waitingMax = 64
        /// Prompt tokens computed in one step, over all sequences. More reads prompts faster and makes the other
        /// sequences wait longer between tokens.
        package var prefillTokensMax = 128
        /// Memory for keys and values, taken as it is needed; nil sets no limit of its own. When it runs out, the
        /// youngest request gives its part up and goes on later where it was.
        package var cacheBytesMax: Int?
        /// Whether requests that begin with the same tokens share the keys and values of these. Answers are the same to
        /// the last bit either way.
        package var prefixSharing = true
        /// Whether tokens are guessed and several of them checked in one pass. Answers are the same either way.
        package var speculation = Speculation.lookup
        /// Memory for keys and values that is kept when no request uses it; nil: `idleCacheBytes`, or what
        /// `idleCacheTokens` take where that is more, and the longest of the last `KVPagePool.recentMax` requests
        /// besides, where that takes still more; hardly any without `prefixSharing`.
        package var idleCacheBytesMax: Int?

        package static let idleCacheBytes = 64 << 20
        package static let idleCacheTokens = 2048
        static let idlePagesUnshared = 2

        package init() {}
    }

    /// Where the guesses come from that are checked several in one pass.
    package enum Speculation: String, Sendable, CaseIterable {
        case none
        /// From the prompt and the answer so far, or from a `Draft`, where it pays.
        case lookup
    }

    /// A model that guesses tokens for a larger one.
    package struct Draft: Sendable {
        /// Its token ids mean what those of the large model mean.
        let model: Model
        /// The cost of one guess as a share of a pass of the large model over one token. It is estimated as the ratio
        /// of the two models' weight sizes, since a pass over one token takes as long as reading the weights. From 1 on
        /// guesses do not pay.
        let cost: Double

        package init(model: Model, cost: Double) {
            (self.model, self.cost) = (model, cost)
        }
    }
}

extension Generation.Options {
    func validate() throws(OptionError) {
        try require("threads", threads, 1...ThreadPool.threadsMax)
        try require("context_tokens_max", contextTokensMax ?? 1, 1...ModelConfiguration.contextTokensMax)
        try require("running_max", runningMax, 1...4096)
        try require("waiting_max", waitingMax, 0...1_000_000)
        try require("prefill_tokens_max", prefillTokensMax, 1...65536)
        try require("cache_bytes_max", cacheBytesMax ?? 1, 1...Int.max)
        try require("cache_idle_bytes_max", idleCacheBytesMax ?? 1, 0...Int.max)
    }

    /// - Parameter pageBytes: of a page, and of the draft model's beside it.
    func idlePagesMax(pageBytes: Int) -> Int {
        if let idleCacheBytesMax { return idleCacheBytesMax / pageBytes }
        // Without sharing nothing in an idle page is of use: it only saves asking the system for another.
        guard prefixSharing else { return Self.idlePagesUnshared }
        return max(Self.idleCacheBytes / pageBytes, Self.idleCacheTokens / KVLayout.positions)
    }

    /// Whether the pages of long sequences stay when they end, so that the next turn does not compute them again.
    var keepsRecent: Bool { idleCacheBytesMax == nil && prefixSharing }

    private func require(_ name: String, _ value: Int, _ range: ClosedRange<Int>) throws(OptionError) {
        guard range.contains(value) else {
            throw OptionError(
                name: name, reason: "must be in \(range.lowerBound)...\(range.upperBound), got \(value)")
        }
    }
}

/// An option of an engine that has a value it can't have.
package struct OptionError: Error, Equatable, CustomStringConvertible {
    package let name: String
    package let reason: String

    package var description: String { "\(name) \(reason)" }
}
