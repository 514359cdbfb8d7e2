import ArgumentParser
import Checkpoints
import CommandSupport
import Foundation
import LlamaEngine
import Tokenizers

/// A text that models predict, and how it is cut up.
struct BenchText: ParsableArguments {
    @Option(help: "A text file.", completion: .file()) var text: String
    @Option(help: "Tokens in a window.") var window = 512
    @Option(help: "The number of windows to score; all by default.") var windows: Int?
    @Option(
        help: ArgumentHelp(
            "Tokens in one pass, by default as the server reads a prompt; 1 goes the way of an answer.",
            valueName: "tokens"))
    var chunk: Int?

    func validate() throws {
        if let windows, windows < 1 { throw ValidationError("--windows must be at least 1, got \(windows)") }
        if let chunk, chunk < 1 { throw ValidationError("--chunk must be at least 1, got \(chunk)") }
    }

    /// The text as tokens of this model, in windows.
    func windows(for checkpoint: ModelCheckpoint) throws -> TextWindows {
        guard let data = FileManager.default.contents(atPath: text) else {
            throw Fail.with("error: can't read the text at \(text)", exitCode: 66)
        }
        guard let content = String(data: data, encoding: .utf8) else {
            throw Fail.with("error: \(text) is not UTF-8", exitCode: 65)
        }
        // Peers leave the last line's end out of the text.
        let trimmed = content.hasSuffix("\n") ? String(content.dropLast()) : content
        do {
            let tokenizer = try checkpoint.makeTokenizer()
            let beginning = tokenizer.addsBOS ? tokenizer.bos : nil
            let tokens = (beginning.map { [$0] } ?? []) + tokenizer.encode(trimmed, special: false)
            return try TextWindows(tokens, windowTokens: window, beginning: beginning, windowsMax: windows)
        } catch {
            throw Fail.with("error: \(text): \(error)", exitCode: 65)
        }
    }

    func measurement(
        _ model: Model, _ precision: Precision, cache: CachePrecision? = nil, threads: Int, adapter: Adapter? = nil
    ) throws -> ModelMeasurement {
        try ModelMeasurement(
            model: model, precision: precision, cachePrecision: cache, threads: threads, chunkTokens: chunk,
            adapter: adapter)
    }
}
