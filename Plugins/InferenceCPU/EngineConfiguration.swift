import Checkpoints
import LlamaEngine
import Parallel
import ProviderKit

/// The configuration of an entry that runs an engine: ``EngineSettings``, and keys of its own.
package protocol EngineConfiguration: WireRecord {
    var engine: EngineSettings { get }
    var precision: Precision { get }
    var cachePrecision: CachePrecision? { get }
    var speculation: Generation.Speculation { get }
}

extension Precision: WireEnum {}
extension CachePrecision: WireEnum {}
extension Generation.Speculation: WireEnum {}

/// The `config:` of every entry that runs an engine. Each model that the entry serves gets an engine
/// with these settings of its own. In all of them 0 leaves the choice to the provider.
package struct EngineSettings: WireRecord {
    package var threads: Int
    package var contextTokensMax: Int
    package var runningMax: Int
    package var waitingMax: Int
    package var prefillTokensMax: Int
    package var cacheBytesMax: Int
    package var cacheIdleBytesMax: Int
    package var prefixSharing: Bool
    package var memoryAdmissionPercent: Int
    package var memoryShedPercent: Int

    package static let object: Object<Self> = object(prefillTokens: Generation.Options().prefillTokensMax)

    /// - Parameter prefillTokens: what `prefill_tokens_max` is by default.
    package static func object(prefillTokens: Int) -> Object<Self> {
        Object(
            "EngineSettings", isComponent: false, Self.init,
            Field(
                "threads", \.threads, default: 0, check: .within(0...ThreadPool.threadsMax),
                "Threads that compute; 0: as many as there are cores for this process."),
            Field(
                "context_tokens_max", \.contextTokensMax, default: 0,
                check: .within(0...ModelConfiguration.contextTokensMax),
                "The longest prompt and answer together, in tokens; 0, or more than the model was made for: the "
                    + "model's own."
            ),
            Field(
                "running_max", \.runningMax, default: 16, check: .within(1...4096),
                "Answers of one model that are computed at the same time."),
            Field(
                "waiting_max", \.waitingMax, default: 64, check: .within(0...1_000_000),
                "Requests for one model that may wait for their turn; one more is refused with 429."),
            Field(
                "prefill_tokens_max", \.prefillTokensMax, default: prefillTokens, check: .within(1...65536),
                "Prompt tokens computed between two tokens of the answers that are under way. More reads long prompts "
                    + "faster and makes the other answers stutter."),
            Field(
                "cache_bytes_max", \.cacheBytesMax, default: 0, check: .atLeast(0),
                "Memory for the keys and values of one model's answers, taken as it is needed; 0: half of what was "
                    + "free when the model was loaded."),
            Field(
                "cache_idle_bytes_max", \.cacheIdleBytesMax, default: 0, check: .atLeast(0),
                "Memory for keys and values kept when no answer uses it, for requests that begin alike; 0: 64 MiB, or "
                    + "what 2,048 tokens take where that is more, and beside it the longest of the last 16 answers with "
                    + "its prompt, where that takes still more."),
            Field(
                "prefix_sharing", \.prefixSharing, default: true,
                "Requests of one owner that begin with the same tokens share the keys and values of these. By the "
                    + "engine's own kernels answers are the same either way."),
            Field(
                "memory_admission_percent", \.memoryAdmissionPercent, default: 85, check: .within(1...100),
                "When this share is taken of the memory that was free after loading, in the machine or in the control "
                    + "group, new requests are refused with 503 until some of it is free again."),
            Field(
                "memory_shed_percent", \.memoryShedPercent, default: 92, check: .within(1...100),
                "When this share of it is taken, keys and values that no answer uses are dropped, and answers make room "
                    + "for older ones instead of growing together."))
    }

    var memoryBounds: MemoryPressure.Bounds {
        MemoryPressure.Bounds(admissionPercent: memoryAdmissionPercent, shedPercent: memoryShedPercent)
    }
}

extension EngineConfiguration {
    package var engineOptions: Generation.Options {
        var options = Generation.Options()
        options.threads = engine.threads > 0 ? engine.threads : min(Machine.coresUsable, ThreadPool.threadsMax)
        options.precision = precision
        options.cachePrecision = cachePrecision
        options.contextTokensMax = engine.contextTokensMax > 0 ? engine.contextTokensMax : nil
        options.runningMax = engine.runningMax
        options.waitingMax = engine.waitingMax
        options.prefillTokensMax = engine.prefillTokensMax
        // Left open, it is set when the weights are there and what is left is known.
        options.cacheBytesMax = engine.cacheBytesMax > 0 ? engine.cacheBytesMax : nil
        options.idleCacheBytesMax = engine.cacheIdleBytesMax > 0 ? engine.cacheIdleBytesMax : nil
        options.prefixSharing = engine.prefixSharing
        options.speculation = speculation
        return options
    }
}
