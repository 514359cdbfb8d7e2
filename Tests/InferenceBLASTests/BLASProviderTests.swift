import InferenceCPU
import LlamaEngine
import ProviderKit
import Testing

@testable import InferenceBLAS

@Suite struct BLASProviderTests {
    @Test("it takes what inline::cpu takes, and computes in f32")
    func keys() throws {
        let json: JSON = [
            "threads": 3, "context_tokens_max": 8192, "running_max": 2, "waiting_max": 0, "prefill_tokens_max": 64,
            "cache_bytes_max": 1_000_000, "cache_idle_bytes_max": 1000, "prefix_sharing": false,
        ]
        let options = try BLASConfiguration(json: json, at: .root).engineOptions
        #expect(options.threads == 3)
        #expect(options.contextTokensMax == 8192)
        #expect(options.runningMax == 2)
        #expect(options.waitingMax == 0)
        #expect(options.prefillTokensMax == 64)
        #expect(options.cacheBytesMax == 1_000_000)
        #expect(options.idleCacheBytesMax == 1000)
        #expect(!options.prefixSharing)
        #expect(options.precision == .exact)
        #expect(options.speculation == .none)
    }

    @Test("its keys are those of inline::cpu but for precisions and speculation")
    func sameKeys() {
        let keys = { (object: [Schema.Property]) in object.map(\.key) }
        let own = ["speculation", "precision", "cache_precision"]
        #expect(
            keys(BLASConfiguration.object.properties)
                == keys(CPUConfiguration.object.properties).filter { !own.contains($0) })
    }

    @Test("a precision is refused: there is one", arguments: [("precision", "quantized"), ("cache_precision", "int8")])
    func precision(_ key: String, _ value: String) {
        let error = #expect(throws: WireError.self) {
            try BLASConfiguration(json: .object([key: .string(value)]), at: .root)
        }
        #expect(error?.field == key)
    }

    @Test("a model of inline::blas is computed by OpenBLAS, one of inline::cpu by the engine's own kernels")
    func backends() throws {
        #expect(CPUProvider<OpenBLASBackend>.providerType == "inline::blas")
        #expect(try OpenBLASBackend.products()?.name.hasPrefix("OpenBLAS ") == true)
        #expect(OwnKernels.products() == nil)
    }
}
