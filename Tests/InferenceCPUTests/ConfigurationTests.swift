import Parallel
import ProviderKit
import Testing

@testable import InferenceCPU

@Suite struct ConfigurationTests {
    @Test("nothing configured: all cores, the model's context, and a cache by what the loaded model leaves")
    func defaults() throws {
        let options = try CPUConfiguration(json: [:], at: .root).engineOptions
        #expect(options.threads == min(Machine.coresUsable, ThreadPool.threadsMax))
        #expect(options.contextTokensMax == nil)
        #expect(options.runningMax == 16)
        #expect(options.waitingMax == 64)
        #expect(options.prefillTokensMax == 128)
        #expect(options.prefixSharing)
        let bounds = try CPUConfiguration(json: [:], at: .root).engine.memoryBounds
        #expect((bounds.admissionPercent, bounds.shedPercent) == (85, 92))
        #expect(options.speculation == .lookup)
        #expect(options.idleCacheBytesMax == nil)
        #expect(options.precision == .quantized)
        #expect(options.cachePrecision == nil)
        #expect(options.cacheBytesMax == nil)
    }

    @Test("every key reaches the engine")
    func all() throws {
        let json: JSON = [
            "threads": 3, "context_tokens_max": 8192, "running_max": 2, "waiting_max": 0, "prefill_tokens_max": 64,
            "cache_bytes_max": 1_000_000, "cache_idle_bytes_max": 500_000, "prefix_sharing": false,
            "memory_admission_percent": 70, "memory_shed_percent": 80, "speculation": "none", "precision": "exact",
            "cache_precision": "int8",
        ]
        let bounds = try CPUConfiguration(json: json, at: .root).engine.memoryBounds
        #expect((bounds.admissionPercent, bounds.shedPercent) == (70, 80))
        let options = try CPUConfiguration(json: json, at: .root).engineOptions
        #expect(options.threads == 3)
        #expect(options.contextTokensMax == 8192)
        #expect(options.runningMax == 2)
        #expect(options.waitingMax == 0)
        #expect(options.prefillTokensMax == 64)
        #expect(options.cacheBytesMax == 1_000_000)
        #expect(options.idleCacheBytesMax == 500_000)
        #expect(!options.prefixSharing)
        #expect(options.speculation == .none)
        #expect(options.precision == .exact)
        #expect(options.cachePrecision == .int8)
    }

    @Test("keys and values in another form are refused by their key, with the forms that there are")
    func cachePrecision() {
        let error = #expect(throws: WireError.self) {
            try CPUConfiguration(json: ["cache_precision": "int4"], at: .root)
        }
        #expect(error?.field == "cache_precision")
        for form in ["f32", "bf16", "int8"] { #expect("\(error as Any)".contains(form)) }
    }

    @Test(
        "a value out of range is refused by its key",
        arguments: [
            ("threads", -1), ("threads", 257), ("context_tokens_max", -1), ("running_max", 0), ("waiting_max", -1),
            ("prefill_tokens_max", 0), ("cache_bytes_max", -1), ("cache_idle_bytes_max", -1),
            ("memory_admission_percent", 0), ("memory_shed_percent", 101),
        ] as [(String, Int64)])
    func ranges(_ key: String, _ value: Int64) {
        var json: JSONObject = [:]
        json[key] = .integer(value)
        let error = #expect(throws: WireError.self) { try CPUConfiguration(json: .object(json), at: .root) }
        #expect(error?.field == key)
    }

    @Test("a list of cores is counted", arguments: [("0", 1), ("0-3", 4), ("0-1,4,6-7", 5), ("3-1", nil), ("x", nil)])
    func cores(_ list: String, _ count: Int?) {
        #expect(Machine.cores(inList: Substring(list)) == count)
    }
}
