import ArgumentParser
import Checkpoints
import CommandSupport
import Foundation
import LlamaEngine
import Parallel

/// The model that a benchmark works on, and how it is computed.
struct BenchModel: ParsableArguments {
    @Argument(
        help: "The model: a GGUF file, or a model's folder.",
        completion: .file())
    var model: String

    @Option(help: "Threads; by default as many as this process may use.")
    var threads: Int?

    @Option(
        help: ArgumentHelp(
            "exact computes everything in f32; quantized rounds activations to int8, as the server does.",
            valueName: "precision"))
    var precision: Precision = .quantized

    @Option(
        help: ArgumentHelp(
            "Keep keys and values as f32, bf16 or int8; by default f32 where the precision is exact, otherwise bf16.",
            valueName: "precision"))
    var cachePrecision: CachePrecision?

    @Option(
        help: ArgumentHelp(
            "own kernels multiply matrices, or openblas, in f32 throughout, as inline::blas does.", valueName: "library"
        ))
    var products: Products = .own

    enum Products: String, ExpressibleByArgument, CaseIterable {
        case own, openblas
    }

    func validate() throws {
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads must be 1 to 1024, got \(threads)")
        }
        if let cachePrecision, products == .openblas, cachePrecision != .f32 {
            throw ValidationError(
                "--cache-precision must be f32 with --products openblas, which multiplies nothing else, got \(cachePrecision)")
        }
    }

    /// The precision of the computation, whatever was requested.
    var arithmetic: Precision { products == .own ? precision : .exact }

    /// How keys and values are kept, but for odd dimensions of heads.
    var cache: CachePrecision { cachePrecision ?? (arithmetic == .exact ? .f32 : .bf16) }

    var threadCount: Int { threads ?? ProcessInfo.processInfo.activeProcessorCount }

    /// Blocks while it reads the weights, and says on standard error how far it is.
    func load() throws -> (Model, ModelCheckpoint) { try Self.load(model, products, arithmetic) }

    static func load(
        _ path: String, _ products: Products = .own, _ precision: Precision = .exact
    ) throws -> (Model, ModelCheckpoint) {
        try checkInstructionSet()
        guard FileManager.default.isReadableFile(atPath: path) else {
            throw Fail.with("error: no model at \(path)\n  hint: `make model` fetches a small one", exitCode: 66)
        }
        let library = products == .openblas ? try CBLAS.loaded() : nil
        do {
            let checkpoint = try ModelCheckpoint.open(path: path)
            checkpoint.willNeedWeights()
            let progress = Progress()
            let model = try Model(checkpoint, products: library, precision: precision) {
                progress.show(String(format: "loading %@: %.0f %%", path, 100 * $0))
            }
            progress.clear()
            return (model, checkpoint)
        } catch {
            throw Fail.with("error: \(path): \(error)", exitCode: 65)
        }
    }

    /// Before anything is said of what is measured with.
    static func checkInstructionSet() throws {
        do { try InstructionSet.check() } catch { throw Fail.with("error: \(error)", exitCode: 78) }
    }

    /// The error of a measurement.
    func failed(_ error: any Error) -> any Error { Fail.with("error: \(model): \(error)", exitCode: 65) }
}

extension Precision: ExpressibleByArgument {}
extension CachePrecision: ExpressibleByArgument {}
