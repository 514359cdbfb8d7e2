import ArgumentParser
import CommandSupport
import Foundation
import LlamaStackAPI

struct DatasetShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show what a server knows of a dataset: its columns, its content and its metadata.",
        discussion: """
              llama-stack dataset show my-dialogs
              llama-stack dataset show my-dialogs --url http://127.0.0.1:8321 --json
            """)

    @Argument(help: "The dataset's id: the uuid of its creation.") var id: String
    @Option(help: "A running stack.") var url = "http://127.0.0.1:8321"
    @Flag(help: "Print the dataset as JSON, as the server has it.") var json = false

    func run() async throws {
        let dataset = try await DatasetSource.registered(id, at: url)
        if json { return Output.json(dataset.json) }
        // A data: URL may be long.
        let content = dataset.contentURL.string
        var rows = [["dataset", id], ["content", content.count > 200 ? content.prefix(200) + "…" : content]]
        for (name, column) in dataset.columns.sorted(by: { $0.key < $1.key }) {
            rows.append(["column", "\(name)  \(column.type.rawValue)\(column.isNullable ? ", nullable" : "")"])
        }
        for member in dataset.metadata.members { rows.append(["metadata", "\(member.key)  \(member.value.text)"]) }
        Output.write(Table.text(rows))
    }
}
