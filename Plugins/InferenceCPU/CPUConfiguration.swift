import Foundation
import LlamaEngine
import ProviderKit

/// What may stand under `config:` of an `inline::cpu` entry. Each model that the entry serves gets an engine with these
/// limits of its own. In all of them 0 leaves the choice to the provider.
struct CPUConfiguration: WireRecord {
    var threads: Int
    var contextTokensMax: Int
    var runningMax: Int
    var waitingMax: Int
    var prefillTokensMax: Int
    var cacheBytesMax: Int
    var cacheIdleBytesMax: Int
    var prefixSharing: Bool
    var precision: Arithmetic

    static let object = Object(
        "CPUConfiguration", isComponent: false, Self.init,
        Field(
            "threads", \.threads, default: 0, check: .within(0...ThreadPool.threadsMax),
            "Threads that compute; 0: as many as there are cores for this process."),
        Field(
            "context_tokens_max", \.contextTokensMax, default: 0,
            check: .within(0...ModelConfiguration.contextTokensMax),
            "The longest prompt and answer together, in tokens; 0, or more than the model was made for: the model's own."
        ),
        Field(
            "running_max", \.runningMax, default: 16, check: .within(1...4096),
            "Answers of one model that are computed at the same time."),
        Field(
            "waiting_max", \.waitingMax, default: 64, check: .within(0...1_000_000),
            "Requests for one model that may wait for their turn; one more is refused with 429."),
        Field(
            "prefill_tokens_max", \.prefillTokensMax, default: 128, check: .within(1...65536),
            "Prompt tokens computed between two tokens of the answers that are under way. More reads long prompts faster "
                + "and makes the other answers stutter."),
        Field(
            "cache_bytes_max", \.cacheBytesMax, default: 0, check: .atLeast(0),
            "Memory for the keys and values of one model's answers, taken as it is needed; 0: half of what was free when "
                + "the model was loaded."),
        Field(
            "cache_idle_bytes_max", \.cacheIdleBytesMax, default: 0, check: .atLeast(0),
            "Memory for keys and values kept when no answer uses it, for requests that begin alike; 0: 64 MiB, or what 2,048 "
                + "tokens take where that is more."),
        Field(
            "prefix_sharing", \.prefixSharing, default: true,
            "Requests of one owner that begin with the same tokens share the keys and values of these. Answers are the same "
                + "either way."),
        Field(
            "precision", \.precision, default: .quantized,
            "quantized is fast; exact computes in 32-bit floats throughout, to compare with."))
}

/// How the forward pass computes.
enum Arithmetic: String, WireEnum {
    case quantized, exact
}

extension Check where Value == Int {
    fileprivate static func within(_ range: ClosedRange<Int>) -> Check {
        Check("in \(range.lowerBound)...\(range.upperBound)") { range.contains($0) }
    }
}

extension CPUConfiguration {
    var engineOptions: Engine.Options {
        var options = Engine.Options()
        options.threads = threads > 0 ? threads : min(Machine.coresUsable, ThreadPool.threadsMax)
        options.precision = precision == .exact ? .exact : .quantized
        options.contextTokensMax = contextTokensMax > 0 ? contextTokensMax : nil
        options.runningMax = runningMax
        options.waitingMax = waitingMax
        options.prefillTokensMax = prefillTokensMax
        // Left open, it is set when the weights are there and what is left is known.
        options.cacheBytesMax = cacheBytesMax > 0 ? cacheBytesMax : nil
        options.idleCacheBytesMax = cacheIdleBytesMax > 0 ? cacheIdleBytesMax : nil
        options.prefixSharing = prefixSharing
        return options
    }
}
