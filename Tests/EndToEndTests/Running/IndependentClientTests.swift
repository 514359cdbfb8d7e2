import Foundation
import LlamaStackAPI
import Testing

extension EndToEnd {
    /// A client that others published for the draft drives the server: fetched from PyPI by `make client`.
    @Suite struct IndependentClientTests {
        private static let python = Setting.root + "/.build/client/python"

        @Test("the draft's client drives every memory and dataset route")
        func draftRoutes() throws {
            guard FileManager.default.isExecutableFile(atPath: Self.python) else {
                throw Missing("there is no \(Self.python); run `make client`")
            }
            let folder = try TemporaryFolder()
            let file = try folder.write(
                """
                version: 1
                name: client
                state: state
                providers:
                  memory_banks:
                    - {provider_id: files, provider_type: inline::file}
                  datasets:
                    - {provider_id: files, provider_type: inline::file}
                """, "dist.yaml")
            let output = try Server.run(file: file) { server in
                let script = try ChildProcess(
                    Self.python,
                    [Setting.fixtures + "/client/draft_routes.py", "http://127.0.0.1:\(server.port)"])
                defer { script.end() }
                let end = script.wait(seconds: 60)
                #expect(end == .exit(0), "\(script.errors.suffix(3000))")
                return script.output
            }
            let rows = "data:application/jsonl,%7B%22text%22%3A%22a%22%7D%0A%7B%22text%22%3A%22b%22%7D"
            #expect(
                output == """
                    POST /datasets/create | own | null
                    GET /datasets/get | own | {"columns": {"text": "text"}, "content_url": "\(rows)", "metadata": {"of": "the client"}}
                    POST /datasets/delete | own | null
                    GET /datasets/get | own, after | "not_found"
                    DELETE /datasets/delete | transport | 200
                    POST /memory_banks/create | own | ""
                    GET /memory_banks/get | transport | [{"uuid": "notes", "name": "my notes"}]
                    POST /memory_bank/insert | transport | 200
                    POST /memory_bank/update | transport | 200
                    POST /memory_bank/get | transport | {"d2": "two", "d1": "uno"}
                    POST /memory_bank/delete | transport | ["d1"]
                    DELETE /memory_banks/drop | transport | "notes"
                    GET /memory_banks/get | transport, after | []

                    """)
            // None is forgotten when the table of endpoints grows.
            let driven = Set(output.split(separator: "\n").compactMap { $0.components(separatedBy: " | ").first })
            let wanted = Endpoints.all.filter { [.memoryBanks, .datasets].contains($0.api) && !$0.isExtension }
                .map { "\($0.route.verb.rawValue) \($0.route.path)" }
            #expect(Set(wanted).isSubset(of: driven))
        }
    }
}
