import BankFixtures
import FakeOrigin
import ProviderKit
import Synchronization
import Testing
import Torture

/// Documents that are a URL, on several hosts.
@Suite(.timeLimit(.minutes(10)))
struct SharedFetchTests {
    @Test("of two hosts one fetches a document, and both find its text")
    func once() async throws {
        let count = Atomic(0)
        let script: Origin.Script = { _, channel in
            count.add(1, ordering: .relaxed)
            channel.send(Origin.ok("walrus"), thenClose: true)
        }
        try await Origin.run(script) { origin in
            try await withFolder { state in
                let network =
                    "{providers: {files: {enabled: true, hosts: [localhost], http_hosts: [localhost], "
                    + "ports: [\(origin.port)], allow_private: [127.0.0.0/8, \"::1/128\"]}}}"
                let hosts = [
                    try await BankKind.pgvector.server(state + "/1", network: network, schema: schemaName(state)),
                    try await BankKind.pgvector.server(state + "/2", network: network, schema: schemaName(state)),
                ]
                try await hosts[0].create(
                    "b",
                    (0..<20).map { text("\($0)", "http://localhost:\(origin.port)/\($0)", "text/uri-list") })
                for host in hosts {
                    #expect(try await host.indexed("b").indexed == 20)
                    let found = try await host.query(
                        MemoryBankQueryRequest(bankUUIDs: ["b"], query: "walrus", topK: 100))
                    #expect(found.chunks.count == 20)
                }
                for host in hosts { await host.stop() }
            }
            #expect(count.load(ordering: .relaxed) == 20)
        }
    }
}
