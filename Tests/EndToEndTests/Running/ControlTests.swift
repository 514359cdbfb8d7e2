import Foundation
import LlamaStackAPI
import RawHTTP
import Testing

extension EndToEnd {
    /// The commands that ask a running server.
    @Suite struct ControlTests {
        private static func distribution() throws -> DistributionFile {
            var distribution = Distribution.echo()
            distribution.more = "state: ./state"
            return try distribution.file()
        }

        @Test("ps shows the providers of the server, by its file and by its state folder")
        func processes() throws {
            let file = try Self.distribution()
            try Server.run(file: file.path) { _ in
                let table = try Command.run(["ps", file.path], exits: 0)
                #expect(
                    table.output == """
                        PROVIDER        ISOLATION  PID  STATE    RESTARTS  MEMORY  CALLS
                        inference/echo  inline     -    running  0         -       0

                        """)
                let json = try Command.run(["ps", "--state", file.folder.path + "/state", "--json"], exits: 0)
                let providers = try JSON(parsing: json.output)["providers"]
                #expect(
                    providers == [
                        [
                            "api": "inference", "provider_id": "echo", "state": "running", "isolation": "inline",
                            "pid": .null, "restarts": 0, "memory_bytes": .null, "open_calls": 0,
                        ]
                    ])
                let restart = try Command.run(["provider", "restart", "echo", file.path], exits: 69)
                #expect(restart.errors.contains("it runs inside the server's process"))
            }
            // It has ended.
            let late = try Command.run(["ps", file.path], exits: 69)
            #expect(late.errors.contains("no llama-stack runs with the state folder"))
        }

        @Test("without a state folder, and without a server's name, the command says what to do")
        func refusals() throws {
            let file = try Distribution.echo().file()
            #expect(try Command.run(["ps", file.path], exits: 69).errors.contains("add `state: ./state`"))
            #expect(try Command.run(["ps"], exits: 64).errors.contains("--state"))
        }
    }
}
