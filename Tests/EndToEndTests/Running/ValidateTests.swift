import Foundation
import LlamaStackAPI
import RawHTTP
import Testing

extension EndToEnd {
    /// `validate` beside a server of the same file.
    @Suite struct ValidateTests {
        /// The echo provider twice: in the server's process, and in one of its own.
        private static let distribution = """
            version: 1
            name: test
            state: ./state
            providers:
              inference:
                - {provider_id: inside, provider_type: inline::echo}
                - {provider_id: apart, provider_type: inline::echo, isolation: process}
            models:
              - {model_id: one, provider_id: inside}
              - {model_id: two, provider_id: apart}

            """

        /// Each file of the folder: which it is, when it was written, and what it holds.
        private static func files(in folder: String) throws -> [String: String] {
            var files: [String: String] = [:]
            for name in try FileManager.default.subpathsOfDirectory(atPath: folder) {
                let path = "\(folder)/\(name)"
                var status = stat()
                guard lstat(path, &status) == 0 else { continue }
                let content = status.st_mode & S_IFMT == S_IFREG ? FileManager.default.contents(atPath: path) : nil
                files[name] =
                    "\(status.st_ino) \(status.st_mode) \(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec) "
                    + (content?.base64EncodedString() ?? "")
            }
            return files
        }

        private static var left: [String] {
            ((try? FileManager.default.contentsOfDirectory(atPath: FileManager.default.temporaryDirectory.path)) ?? [])
                .filter { $0.hasPrefix("llama-stack-state-") }
        }

        @Test("the server's lock, port, control socket, children and state stay as they are, and it goes on serving")
        func beside() throws {
            let file = try DistributionFile(Self.distribution)
            let before = Set(Self.left)
            try Server.run(file: file.path) { server in
                let state = file.folder.path + "/state"
                let files = try Self.files(in: state)
                #expect(files.keys.contains("lock") && files.keys.contains("control.sock"), "\(files.keys)")
                let processes = try Command.run(["ps", file.path, "--json"], exits: 0)
                let pids = try JSON(parsing: processes.output)["providers"]
                for _ in 0..<2 {
                    let validated = try Command.run(["validate", file.path], exits: 0)
                    #expect(validated.output.hasSuffix("valid: 2 providers, 2 models\n"), "\(validated.output)")
                }
                #expect(try Self.files(in: state) == files)
                let after = try JSON(parsing: try Command.run(["ps", file.path, "--json"], exits: 0).output)[
                    "providers"]
                func identity(_ providers: JSON?) -> [JSON] {
                    guard case .array(let items)? = providers else { return [] }
                    return items.map { [$0["provider_id"] ?? .null, $0["pid"] ?? .null, $0["restarts"] ?? .null] }
                }
                #expect(identity(after) == identity(pids))
                #expect(identity(after).count == 2)
                #expect(server.isAlive)
                for model in ["one", "two"] {
                    let body: JSON = ["model": .string(model), "content": "still there"]
                    #expect(try server.post("/inference/completion", body).status == 200)
                }
                // The lock is the server's still.
                let second = try Command.run(["run", file.path, "--port", "0"], exits: 75)
                #expect(second.errors.contains("is in use by another llama-stack (process \(server.process.pid))"))
            }
            #expect(Set(Self.left).subtracting(before) == [])
        }

        @Test("a library that crashes is a mistake at its line, and the other entries are checked all the same")
        func crash() throws {
            let folder = try TemporaryFolder()
            let library = try BrokenProvider.build("BREAK_EXIT_IN_CONSTRUCTOR", in: folder)
            let yaml = """
                version: 1
                providers:
                  inference:
                    - {provider_id: a, provider_type: inline::probe, library: \(library)}
                    - {provider_id: b, provider_type: inline::echo, config: {no_such_key: 1}}

                """
            let file = try DistributionFile(yaml)
            let validated = try Command.run(["validate", file.path], exits: 78)
            let lines = validated.errors.split(separator: "\n")
            #expect(lines.contains { $0.contains("dist.yaml:4:") && $0.contains("exited with 0") }, "\(lines)")
            #expect(lines.contains { $0.contains("dist.yaml:5:") && $0.contains("no_such_key") }, "\(lines)")
        }
    }
}
