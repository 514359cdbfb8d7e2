import Foundation
import LlamaStackAPI
import RawHTTP
import Testing

extension EndToEnd {
    /// Memory banks as a whole process serves them.
    @Suite struct MemoryTests {
        private static let distribution = """
            version: 1
            name: memory
            state: state
            providers:
              memory_banks:
                - {provider_id: files, provider_type: inline::file}
            """

        private func pdf(_ id: String) throws -> JSON {
            let bytes = try Data(contentsOf: URL(fileURLWithPath: Setting.fixtures + "/pdf/pages.pdf"))
            return [
                "uuid": .string(id), "mime_type": "application/pdf", "metadata": [:],
                "content": .string(bytes.base64EncodedString()),
            ]
        }

        @Test("without poppler PDF documents are kept and not indexed, and the log says so once")
        func withoutPoppler() throws {
            let folder = try TemporaryFolder()
            let file = try folder.write(Self.distribution, "dist.yaml")
            try Server.run(file: file, environment: ["PATH": "/nowhere"]) { server in
                for id in ["a", "b"] {
                    let path = "/memory_banks/create?bank_uuid=\(id)&bank_name=\(id)"
                    #expect(try server.post(path, .array([pdf(id)])).status == 200)
                    let status = try server.client.get("/memory_bank/status?bank_uuid=\(id)").json
                    #expect(status["not_indexed"]?.int == 1)
                }
                #expect(server.log("there is no pdftotext on the PATH").count == 1)
            }
        }

        @Test("a second server on the same state exits 75 and says who is in the way; the first goes on")
        func secondServer() throws {
            let folder = try TemporaryFolder()
            let file = try folder.write(Self.distribution, "dist.yaml")
            try Server.run(file: file) { server in
                let second = try Command.run(["run", file, "--port", "0"], exits: 75)
                #expect(second.errors.contains("in use"), "\(second.errors)")
                #expect(server.isAlive)
            }
        }
    }
}
