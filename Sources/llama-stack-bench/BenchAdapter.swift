import ArgumentParser
import Checkpoints
import CommandSupport
import DurableFiles
import Foundation
import LlamaEngine
import LlamaStackAPI

struct BenchAdapter: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "adapter", abstract: "Work with adapters: folders that PEFT has saved.",
        subcommands: [BenchAdapterExport.self])
}

struct BenchAdapterExport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Merge an adapter into its base and write the model.",
        discussion: """
            The model is written for other programs: as a GGUF file, with all metadata of a base that is one too, or as a \
            folder of safetensors with the settings and the vocabulary of its base. Matrices get the type that --type \
            names; F16 by default, since what an adapter changes vanishes in four bits. The adapter's folder itself is \
            PEFT's, and is served without merging.

              llama-stack-bench adapter export adapters/some --to gguf --base models/some.gguf
            """)

    enum Form: String, ExpressibleByArgument, CaseIterable {
        case gguf, safetensors
    }

    @Argument(help: "The adapter's folder.", completion: .directory)
    var folder: String

    @Option(help: "The form of the model.")
    var to: Form

    @Option(help: ArgumentHelp("The type of matrices.", valueName: "type"))
    var type: ExportType = .f16

    @Option(
        help: ArgumentHelp(
            "The base: a GGUF file or a folder; by default the one that the adapter's settings name.",
            valueName: "model"), completion: .file())
    var base: String?

    @Option(
        help: ArgumentHelp(
            "Where to write; must not exist. By default the adapter's name with -merged, beside it.", valueName: "path"),
        completion: .file())
    var output: String?

    @Option(
        help: ArgumentHelp(
            "With a quantised type, a text on which the KL divergence from the adapter is printed.", valueName: "file"),
        completion: .file())
    var text: String?

    func validate() throws {
        if to == .safetensors, type.isQuantised {
            throw ValidationError("--type \(type.rawValue) is for --to gguf: safetensors holds F32, F16 or BF16")
        }
    }

    func run() async throws {
        let (path, base) = (target, try basePath())
        do {
            try await OwnThread.run { try write(base, path) }
        } catch let code as ExitCode {
            throw code
        } catch let error as FileError {
            throw Fail.with("error: \(error)", exitCode: 74)
        } catch {
            throw Fail.with("error: \(error)", exitCode: 65)
        }
        Output.line("\(path): \(type.rawValue), \(folder) merged into \(base)")
        guard type.isQuantised, let text else { return }
        let result = try await OwnThread.run { try divergence(base, path, text) }
        Output.line(
            String(
                format: "KL divergence from the adapter %.3g ± %.1g; same likeliest token at %.2f %% of %d",
                result.mean.value, result.mean.error, 100 * result.sameTop, result.perplexity.tokens))
    }

    private var target: String {
        if let output { return output }
        let stem = folder.hasSuffix("/") ? String(folder.dropLast()) : folder
        return stem + "-merged" + (to == .gguf ? ".gguf" : "")
    }

    private func basePath() throws -> String {
        if let base { return base }
        let settings = FileManager.default.contents(atPath: folder + "/adapter_config.json")
            .flatMap { try? JSON(parsing: Array($0)) }
        let named = settings?["base_model_name_or_path"]?.stringValue
        guard let named, FileManager.default.fileExists(atPath: named) else {
            throw Fail.with(
                "error: \(folder): the adapter's base is \(named.map { "'\($0)', which is not here" } ?? "not named")\n"
                    + "  hint: --base names a GGUF file or a folder", exitCode: 66)
        }
        return named
    }

    private func write(_ base: String, _ path: String) throws {
        guard !FileManager.default.fileExists(atPath: path) else {
            throw Fail.with("error: \(path) exists\n  hint: --output names another place", exitCode: 73)
        }
        let model = try MergedModel(ModelCheckpoint.open(path: base), peftFolder: folder)
        switch to {
        case .gguf: try model.writeGGUF(type, to: path)
        case .safetensors:
            // Whole or not at all: written beside, then renamed.
            let unfinished = path + ".unfinished"
            try? FileManager.default.removeItem(atPath: unfinished)
            try FileManager.default.createDirectory(atPath: unfinished, withIntermediateDirectories: false)
            do {
                try model.writeHuggingFace(type, to: unfinished)
                try DurableFolder.sync(unfinished)
                try FileManager.default.moveItem(atPath: unfinished, toPath: path)
            } catch {
                try? FileManager.default.removeItem(atPath: unfinished)
                throw error
            }
        }
    }

    private func divergence(_ base: String, _ path: String, _ text: String) throws -> Divergence {
        let texts = try BenchText.parse(["--text", text])
        let (model, checkpoint) = try BenchModel.load(base)
        let adapter = try Adapter(peftFolder: folder, for: model)
        let threads = ProcessInfo.processInfo.activeProcessorCount
        let merged = try texts.measurement(try BenchModel.load(path).0, .exact, threads: threads)
        let wanted = try texts.measurement(model, .exact, threads: threads, adapter: adapter)
        return try merged.divergence(from: wanted, of: try texts.windows(for: checkpoint))
    }
}

extension ExportType: ExpressibleByArgument {}
