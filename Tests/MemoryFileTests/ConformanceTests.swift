import BankFixtures
import ProviderConformance
import Testing

struct ConformanceTests {
    @Test(
        "the library passes the conformance kit; only what it has no use for is left out",
        arguments: ["libprovider-memory-banks-file.so", "libprovider-datasets-file.so"])
    func passes(_ library: String) async {
        var suite = ConformanceSuite(library: productsFolder + "/" + library, secondsMax: 20)
        suite.executable = productsFolder + "/llama-stack"
        let report = await suite.run()
        #expect(report.failed.map(\.description) == [])
        let skipped = report.results.filter { $0.outcome == .skipped }
        #expect(skipped.allSatisfy { $0.detail.contains("stream") || $0.detail.contains("made first") }, "\(skipped)")
        #expect(report.results.count > 40)
    }
}
