import Checkpoints
import Dispatch
import LlamaEngine
import Parallel
import ProviderKit

/// Milliseconds of each part of loading a model. All but `open` run at the same time.
struct LoadTimes: Sendable {
    var open = 0.0
    var language = 0.0
    var engine = 0.0
    var weights = 0.0
    var total = 0.0
}

extension LoadedModel {
    /// Opens the checkpoint and makes everything that an answer needs, on `queue`'s threads.
    ///
    /// - Parameter draft: the path of the model that guesses its tokens.
    ///
    /// Throws a `ProviderError` that names the file and what is wrong with it.
    static func load(
        id: String, path: String, draft: String?, options: Generation.Options, products: (any MatrixProducts)?,
        queue: DispatchQueue,
        log: Log
    ) async throws -> LoadedModel {
        do {
            var times = LoadTimes()
            let clock = ContinuousClock()
            let start = clock.now
            let checkpoint = try await queue.run { try ModelCheckpoint.open(path: path) }
            times.open = milliseconds(clock.now - start)
            if products != nil { try requireMemory(for: checkpoint) }
            async let language = queue.run { try timed { try ModelLanguage(checkpoint) } }
            async let weights = queue.run { timed { readWeights(of: checkpoint) } }
            let progress = LoadingReport(id: id, log: log)
            let drafter = try await queue.run { try draft.map { try DraftCheckpoint(path: $0) } }
            async let engine = queue.run {
                try timed {
                    let model = try Model(
                        checkpoint, products: products, precision: options.precision,
                        contextTokensMax: options.contextTokensMax
                    ) { progress.note($0) }
                    let draft = try drafter?.load(for: checkpoint, options.precision)
                    var options = options
                    options.cacheBytesMax = options.cacheBytesMax ?? Machine.bytesFree.map { $0 / 2 }
                    return try Engine(model: model, draft: draft, options: options)
                }
            }
            let parts = (try await language, try await engine, try await weights)
            (times.language, times.engine, times.weights) = (
                parts.0.milliseconds, parts.1.milliseconds, parts.2.milliseconds
            )
            try await queue.run { [language = parts.0.value] in try drafter?.requireVocabulary(of: language) }
            let model = try LoadedModel(id: id, language: parts.0.value, engine: parts.1.value, queue: queue)
            times.total = milliseconds(clock.now - start)
            model.announce(checkpoint, options, times, log)
            model.grammars.prepare()
            return model
        } catch let error as ProviderError {
            throw error
        } catch {
            throw ProviderError(loading: path, error)
        }
    }

    /// Reads an adapter's folder for a model that is loaded, on its queue's threads.
    ///
    /// Throws a `ProviderError` that names the file and what is wrong with it.
    static func load(id: String, adapter path: String, of base: LoadedModel, log: Log) async throws -> LoadedModel {
        let model = base.engine.model
        let read: (value: Adapter, milliseconds: Double)
        do {
            read = try await base.queue.run { try timed { try Adapter(peftFolder: path, for: model) } }
        } catch {
            throw ProviderError(loading: path, error, field: "adapter")
        }
        log.info(
            "model \(id) is ready",
            [
                "model": id, "base": base.id, "adapter": path, "parameters": "\(read.value.parameters)",
                "bytes": "\(read.value.bytes)", "load_milliseconds": read.milliseconds.shown,
            ])
        return LoadedModel(id: id, base: base, adapter: read.value)
    }

    private func announce(
        _ checkpoint: ModelCheckpoint, _ options: Generation.Options, _ times: LoadTimes, _ log: Log
    ) {
        let configuration = engine.model.configuration
        log.info(
            "model \(id) is ready",
            [
                "model": id, "path": checkpoint.path, "name": checkpoint.name, "format": checkpoint.format.rawValue,
                "architecture": configuration.architecture, "file_type": checkpoint.commonestType,
                "parameters": "\(checkpoint.parameters)",
                "bytes": "\(checkpoint.weightBytes)", "context_tokens": "\(engine.contextTokens)",
                "threads": "\(options.threads)", "instructions": InstructionSet.name,
                "products": engine.model.products?.name ?? "own",
                "load_milliseconds": times.total.shown, "open_milliseconds": times.open.shown,
                "language_milliseconds": times.language.shown, "engine_milliseconds": times.engine.shown,
                "weights_milliseconds": times.weights.shown,
            ])
        for warning in language.tokenizer.warnings { log.warning("model \(id): \(warning)", ["model": id]) }
        let unused = checkpoint.unusedTensors
        if let first = unused.first {
            let more = unused.count > 1 ? " and \(unused.count - 1) more" : ""
            log.warning(
                "model \(id): its architecture, \(configuration.architecture), does not use the tensors "
                    + "\(first.quotedForMessage())\(more)",
                ["model": id, "tensors": unused.prefix(8).map { $0.quotedForMessage() }.joined(separator: ", ")])
        }
        if checkpoint.imageTensors > 0 {
            log.warning(
                "model \(id): its part that reads images (\(checkpoint.imageTensors) tensors) is left out: it reads "
                    + "text alone", ["model": id])
        }
        if let error = language.chatFormatError {
            log.warning("model \(id) can't chat: \(error.message)", ["model": id])
        }
    }
}

/// Ready means that the next request runs at full speed. A checkpoint that does not fit into memory stays on disk, and
/// its pages come as they are needed.
private func readWeights(of checkpoint: ModelCheckpoint) {
    checkpoint.willNeedWeights()
    if let free = Machine.bytesFree, checkpoint.weightBytes > free { return }
    checkpoint.populateWeights()
}

/// Four bytes a weight can be ten times the file: better refused than ended by the system for want of memory.
private func requireMemory(for checkpoint: ModelCheckpoint) throws {
    // Cannot overflow: files of 2^61 weights would have to be there.
    let bytes = checkpoint.parameters * MemoryLayout<Float>.stride
    guard let free = Machine.bytesFree, bytes > free else { return }
    throw ProviderError(
        .invalidConfig,
        "\(checkpoint.path): its \(checkpoint.parameters) weights take \(bytes) bytes in f32, and \(free) are free; "
            + "inline::cpu keeps them in their own type", field: "path")
}

private func timed<Value>(_ work: () throws -> Value) rethrows -> (value: Value, milliseconds: Double) {
    let start = ContinuousClock.now
    let value = try work()
    return (value, milliseconds(.now - start))
}

func milliseconds(_ duration: Duration) -> Double { duration / .milliseconds(1) }

extension Double {
    /// With one decimal.
    var shown: String { "\((self * 10).rounded() / 10)" }
}
