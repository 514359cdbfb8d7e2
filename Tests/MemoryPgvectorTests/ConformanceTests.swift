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
        let results = await ConformanceSuite(
            library: productsFolder + "/libprovider-memory-banks-pgvector.so", config: config, secondsMax: 20
        ).run()
        #expect(results.filter { !$0.passed }.map(\.description) == [])
        let skipped = results.filter { $0.outcome != .passed }
        #expect(skipped.allSatisfy { $0.detail.contains("stream") }, "\(skipped)")
        #expect(results.count > 15)
    }
}
