import ArgumentParser
import CommandSupport
import DatasetRows
import Foundation
import LlamaStackAPI

struct DatasetHead: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "head",
        abstract: "Print the first rows of a dataset.",
        discussion: """
            Long values are cut to a line; --json prints whole rows, one a line.

              llama-stack dataset head train.jsonl
              llama-stack dataset head https://data.example.org/train.csv --rows 2
              llama-stack dataset head my-dialogs --url http://127.0.0.1:8321
            """)

    @OptionGroup var source: DatasetSource
    @Option(help: "The number of rows.") var rows = 5
    @Flag(help: "Print each row as JSON, whole.") var json = false

    func validate() throws {
        guard rows >= 1 else { throw ValidationError("--rows must be at least 1, got \(rows)") }
    }

    func run() async throws {
        let opened = try await source.open()
        try await OwnThread.run {
            try opened.reading { reader in
                for _ in 0..<rows {
                    guard let row = try reader.next() else { break }
                    if json { Output.json(.object(row.values)) } else { Output.write(Self.text(row)) }
                }
            }
        }
    }

    /// The row's number, then a line for each value.
    private static func text(_ row: RowReader.Row) -> String {
        let cells = row.values.members.map { ["  " + $0.key, line($0.value)] }
        return "row \(row.number)\n" + Table.text(cells)
    }

    private static let charactersMax = 100

    private static func line(_ value: JSON) -> String {
        let whole = DatasetValue.summary(of: value)
        let line = whole.replacing(#/\s+/#, with: " ")
        return line.count > charactersMax ? line.prefix(charactersMax) + "…" : line
    }
}
