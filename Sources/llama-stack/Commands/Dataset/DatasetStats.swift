import ArgumentParser
import CommandSupport
import DatasetRows
import Foundation
import LlamaStackAPI
import Tokenizers

struct DatasetStats: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats",
        abstract: "Say how many rows a dataset has, and what each column holds.",
        discussion: """
            Reads all rows, one at a time. The last line is what `columns` of /datasets/create may be. A column whose \
            values are of several kinds is json.

              llama-stack dataset stats train.jsonl
              llama-stack dataset stats train.jsonl --model models/some.gguf
            """)

    @OptionGroup var source: DatasetSource
    @Option(
        help: "A model, for its tokenizer: counts the tokens of texts and dialogs.", completion: .file())
    var model: String?
    @Flag(help: "Print a JSON object.") var json = false

    func run() async throws {
        let opened = try await source.open()
        let report = try await OwnThread.run {
            let tokens = try model.map(TokenCounter.init(modelAt:))
            let progress = Progress()
            defer { progress.clear() }
            return try opened.reading { reader in
                try DatasetReport(&reader, tokens) { progress.show("\($0) rows") }
            }
        }
        if json { Output.json(report.json) } else { Output.write(report.text) }
    }
}
