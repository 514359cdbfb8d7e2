import ArgumentParser

// Not `Dataset`: that is the API's.
struct DatasetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dataset",
        abstract: "Look into a dataset: a file, or one that a server has.",
        subcommands: [DatasetShow.self, DatasetHead.self, DatasetStats.self])
}
