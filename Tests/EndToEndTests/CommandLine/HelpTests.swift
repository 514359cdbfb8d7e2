import Testing

extension EndToEnd {
    /// What `--help` says, word for word: golden/help.
    @Suite struct HelpTests {
        /// The words of every command, after its program's name.
        static let commands =
            [
                [], ["run"], ["validate"], ["list"], ["list", "apis"], ["list", "routes"], ["list", "methods"],
                ["list", "resources"], ["list", "providers"], ["ps"], ["provider"], ["provider", "restart"], ["reload"],
                ["chat"],
                ["complete"], ["dataset"], ["dataset", "show"], ["dataset", "head"], ["dataset", "stats"], ["finetune"],
                ["jobs"], ["jobs", "list"], ["jobs", "status"], ["jobs", "logs"], ["jobs", "artifacts"],
                ["jobs", "cancel"], ["plugin"],
                ["plugin", "inspect"], ["plugin", "test"], ["spec"],
            ].map { ["llama-stack"] + $0 }
            + [
                [], ["speed"], ["plot"], ["perplexity"], ["divergence"], ["embeddings"], ["train"], ["calls"],
                ["front"], ["tools"], ["turns"], ["grammar"], ["grammar-answers"], ["shape"], ["adapter"], ["adapter", "export"],
            ].map { ["llama-stack-bench"] + $0 }

        private static func help(of command: [String]) throws -> Command {
            let program = command[0] == "llama-stack" ? Setting.binary : Setting.bench
            return try Command.run(command.dropFirst() + ["--help"], of: program, exits: 0)
        }

        @Test("the help of every command is as recorded", arguments: commands)
        func help(_ command: [String]) throws {
            let result = try Self.help(of: command)
            #expect(result.errors.isEmpty)
            try Fixture.expectGolden(result.output, "help/\(command.joined(separator: "-")).txt")
        }

        @Test("the help lists every command that there is")
        func complete() throws {
            for command in Self.commands {
                // The lines of the section, of which only those indented by two begin with a name.
                let help = try Self.help(of: command).output
                guard let section = help.split(separator: "SUBCOMMANDS:\n").dropFirst().first else { continue }
                let lines = section.split(separator: "\n\n")[0].split(separator: "\n")
                let names = lines.filter { !$0.hasPrefix("   ") }.compactMap { $0.split(separator: " ").first }
                #expect(!names.isEmpty)
                for name in names {
                    #expect(Self.commands.contains(command + [String(name)]), "\(command) \(name) has no golden help")
                }
            }
        }

        @Test("no line of any help is wider than a terminal")
        func width() throws {
            for command in Self.commands {
                let help = try Self.help(of: command).output
                // Usage lines are one line each, whatever their length.
                let lines = help.split(separator: "\n").filter { !$0.hasPrefix("USAGE:") }
                #expect(lines.allSatisfy { $0.count <= 80 }, "\(command)")
            }
        }
    }
}
