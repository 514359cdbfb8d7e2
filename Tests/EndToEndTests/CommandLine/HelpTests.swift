import Testing

extension EndToEnd {
    /// What `--help` says, word for word: golden/help.
    @Suite struct HelpTests {
        static let commands = [
            [], ["run"], ["validate"], ["list"], ["list", "apis"], ["list", "routes"], ["list", "methods"],
            ["list", "resources"], ["list", "providers"], ["ps"], ["provider"], ["provider", "restart"], ["reload"], ["chat"],
            ["complete"], ["dataset"], ["dataset", "show"], ["dataset", "head"], ["dataset", "stats"], ["plugin"],
            ["plugin", "inspect"], ["plugin", "test"], ["spec"], ["bench"],
            ["bench", "speed"], ["bench", "plot"], ["bench", "perplexity"], ["bench", "divergence"],
            ["bench", "embeddings"], ["bench", "calls"],
        ]

        @Test("the help of every command is as recorded", arguments: commands)
        func help(_ command: [String]) throws {
            let result = try Command.run(command + ["--help"], exits: 0)
            #expect(result.errors.isEmpty)
            try Fixture.expectGolden(result.output, "help/\((["llama-stack"] + command).joined(separator: "-")).txt")
        }

        @Test("the help lists every command that there is")
        func complete() throws {
            for command in Self.commands {
                // The lines of the section, of which only those indented by two begin with a name.
                let help = try Command.run(command + ["--help"], exits: 0).output
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
                let help = try Command.run(command + ["--help"], exits: 0).output
                // Usage lines are one line each, whatever their length.
                let lines = help.split(separator: "\n").filter { !$0.hasPrefix("USAGE:") }
                #expect(lines.allSatisfy { $0.count <= 80 }, "\(command)")
            }
        }
    }
}
