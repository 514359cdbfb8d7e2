import BankFixtures
import ProviderConformance
import ProviderKit
import Testing

struct ConformanceTests {
    @Test("the library passes the conformance suite; only what it has no use for is left out")
    func passes() async throws {
        let config: JSON = [
            "host": .string(try SharedServer.get().folder), "user": "postgres", "database": "postgres",
            "schema": "conformance",
        ]
        var suite = ConformanceSuite(
            library: productsFolder + "/libprovider-memory-banks-pgvector.so", config: config, secondsMax: 20)
        suite.executable = productsFolder + "/llama-stack"
        let report = await suite.run()
        #expect(report.failed.map(\.description) == [])
        let skipped = report.results.filter { $0.outcome == .skipped }
        #expect(skipped.allSatisfy { $0.detail.contains("stream") || $0.detail.contains("made first") }, "\(skipped)")
        #expect(report.results.count > 40)
    }
}
