import Checkpoints
import LlamaEngine
import Parallel
import ProviderKit

/// What may stand under `config:` of every entry that runs an engine. Each model that the entry serves gets an engine with
/// these settings of its own. In all of them 0 leaves the choice to the provider.
///
/// A key for all such entries is added in this file alone: as a member, as a field, to the object and to the options.
package struct EngineSettings: Sendable {
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
}

extension EngineSettings {
    var memoryBounds: MemoryPressure.Bounds {
        MemoryPressure.Bounds(admissionPercent: memoryAdmissionPercent, shedPercent: memoryShedPercent)
    }
}

/// The configuration of such an entry: the engine's settings, and keys of its own.
package protocol EngineConfiguration: WireRecord {
    var engine: EngineSettings { get }
    var precision: Arithmetic { get }
    var speculation: Speculation { get }
}

/// How the forward pass computes.
package enum Arithmetic: String, WireEnum {
    case quantized, exact
}

extension Object where Root: EngineConfiguration {
    /// The settings' keys, then `more`.
    /// - Parameter prefillTokens: what `prefill_tokens_max` is by default.
    package init<each Value: WireValue>(
        _ name: String, prefillTokens: Int,
        _ make: @escaping @Sendable (EngineSettings, repeat each Value) -> Root,
        _ more: repeat Field<Root, each Value>
    ) {
        self.init(
            name, isComponent: false,
            {
                (
                    threads: Int, contextTokensMax: Int, runningMax: Int, waitingMax: Int, prefillTokensMax: Int,
                    cacheBytesMax: Int, cacheIdleBytesMax: Int, prefixSharing: Bool, memoryAdmissionPercent: Int,
                    memoryShedPercent: Int, more: repeat each Value
                ) in
                make(
                    EngineSettings(
                        threads: threads, contextTokensMax: contextTokensMax, runningMax: runningMax,
                        waitingMax: waitingMax, prefillTokensMax: prefillTokensMax, cacheBytesMax: cacheBytesMax,
                        cacheIdleBytesMax: cacheIdleBytesMax, prefixSharing: prefixSharing,
                        memoryAdmissionPercent: memoryAdmissionPercent, memoryShedPercent: memoryShedPercent),
                    repeat each more)
            },
            Root.threads, Root.contextTokensMax, Root.runningMax, Root.waitingMax,
            Root.prefillTokensMax(default: prefillTokens), Root.cacheBytesMax, Root.cacheIdleBytesMax,
            Root.prefixSharing, Root.memoryAdmissionPercent, Root.memoryShedPercent, repeat each more)
    }
}

extension EngineConfiguration {
    fileprivate static var threads: Field<Self, Int> {
        Field(
            "threads", \.engine.threads, default: 0, check: .within(0...ThreadPool.threadsMax),
            "Threads that compute; 0: as many as there are cores for this process.")
    }

    fileprivate static var contextTokensMax: Field<Self, Int> {
        Field(
            "context_tokens_max", \.engine.contextTokensMax, default: 0,
            check: .within(0...ModelConfiguration.contextTokensMax),
            "The longest prompt and answer together, in tokens; 0, or more than the model was made for: the model's own."
        )
    }

    fileprivate static var runningMax: Field<Self, Int> {
        Field(
            "running_max", \.engine.runningMax, default: 16, check: .within(1...4096),
            "Answers of one model that are computed at the same time.")
    }

    fileprivate static var waitingMax: Field<Self, Int> {
        Field(
            "waiting_max", \.engine.waitingMax, default: 64, check: .within(0...1_000_000),
            "Requests for one model that may wait for their turn; one more is refused with 429.")
    }

    fileprivate static func prefillTokensMax(default: Int) -> Field<Self, Int> {
        Field(
            "prefill_tokens_max", \.engine.prefillTokensMax, default: `default`, check: .within(1...65536),
            "Prompt tokens computed between two tokens of the answers that are under way. More reads long prompts faster "
                + "and makes the other answers stutter.")
    }

    fileprivate static var cacheBytesMax: Field<Self, Int> {
        Field(
            "cache_bytes_max", \.engine.cacheBytesMax, default: 0, check: .atLeast(0),
            "Memory for the keys and values of one model's answers, taken as it is needed; 0: half of what was free when "
                + "the model was loaded.")
    }

    fileprivate static var cacheIdleBytesMax: Field<Self, Int> {
        Field(
            "cache_idle_bytes_max", \.engine.cacheIdleBytesMax, default: 0, check: .atLeast(0),
            "Memory for keys and values kept when no answer uses it, for requests that begin alike; 0: 64 MiB, or what 2,048 "
                + "tokens take where that is more.")
    }

    fileprivate static var prefixSharing: Field<Self, Bool> {
        Field(
            "prefix_sharing", \.engine.prefixSharing, default: true,
            "Requests of one owner that begin with the same tokens share the keys and values of these. By the engine's own "
                + "kernels answers are the same either way.")
    }

    fileprivate static var memoryAdmissionPercent: Field<Self, Int> {
        Field(
            "memory_admission_percent", \.engine.memoryAdmissionPercent, default: 85, check: .within(1...100),
            "When so much is taken of the memory that was free after loading, in the machine or in the control group, new "
                + "requests are refused with 503 until some of it is free again.")
    }

    fileprivate static var memoryShedPercent: Field<Self, Int> {
        Field(
            "memory_shed_percent", \.engine.memoryShedPercent, default: 92, check: .within(1...100),
            "When so much of it is taken, keys and values that no answer uses are dropped, and answers make room for older "
                + "ones instead of growing together.")
    }
}

extension EngineConfiguration {
    package var engineOptions: Generation.Options {
        var options = Generation.Options()
        options.threads = engine.threads > 0 ? engine.threads : min(Machine.coresUsable, ThreadPool.threadsMax)
        options.precision = precision == .exact ? .exact : .quantized
        options.contextTokensMax = engine.contextTokensMax > 0 ? engine.contextTokensMax : nil
        options.runningMax = engine.runningMax
        options.waitingMax = engine.waitingMax
        options.prefillTokensMax = engine.prefillTokensMax
        // Left open, it is set when the weights are there and what is left is known.
        options.cacheBytesMax = engine.cacheBytesMax > 0 ? engine.cacheBytesMax : nil
        options.idleCacheBytesMax = engine.cacheIdleBytesMax > 0 ? engine.cacheIdleBytesMax : nil
        options.prefixSharing = engine.prefixSharing
        options.speculation = speculation == .lookup ? .lookup : .none
        return options
    }
}

extension Check where Value == Int {
    fileprivate static func within(_ range: ClosedRange<Int>) -> Check {
        Check("in \(range.lowerBound)...\(range.upperBound)") { range.contains($0) }
    }
}
