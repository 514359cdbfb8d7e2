import ProviderConformance
import Testing

struct ConformanceTests {
    @Test(
        "the library passes the conformance suite; only what it has no use for is left out",
        arguments: ["libprovider-memory-banks-file.so", "libprovider-datasets-file.so"])
    func passes(_ library: String) async {
        let results = await ConformanceSuite(library: productsFolder + "/" + library, secondsMax: 20).run()
        #expect(results.filter { !$0.passed }.map(\.description) == [])
        let skipped = results.filter { $0.outcome != .passed }
        #expect(skipped.allSatisfy { $0.detail.contains("stream") }, "\(skipped)")
        #expect(results.count > 15)
    }
}
