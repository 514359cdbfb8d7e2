import ArgumentParser

struct Plugin: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look into a provider library, or put it to the test.",
        subcommands: [PluginInspect.self, PluginTest.self, PluginRunCheck.self])
}

/// A provider library on the command line.
struct LibraryArgument: ParsableArguments {
    @Argument(help: "A provider library.", completion: .file(extensions: ["so"]))
    var file: String
}
