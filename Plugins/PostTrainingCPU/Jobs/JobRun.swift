import Checkpoints
import Foundation
import InferenceCPU
import LlamaEngine
import LlamaTraining
import Parallel
import ProviderKit

/// One job's work, from its rows to its last checkpoint, on a thread of its own.
final class JobRun {
    let job: Job
    let settings: JobSettings
    let folder: JobFolder
    let log: JobLog
    let signal: JobSignal
    let host: JobHost
    let checkpoints: CheckpointFolders
    var resources: JSONObject

    init(_ job: Job, _ folder: JobFolder, _ log: JobLog, _ signal: JobSignal, _ host: JobHost) throws {
        (self.job, self.folder, self.log, self.signal, self.host) = (job, folder, log, signal, host)
        var settings = try JobSettings(job.request)
        if let adapter = job.base.adapter { try settings.goOn(from: adapter, job.request) }
        self.settings = settings
        checkpoints = CheckpointFolders(folder.checkpointsPath)
        resources = job.resources
    }

    /// Returns when the job is complete. Throws why it is not: ``TrainingError/cancelled`` when ``signal`` was set.
    func run() throws {
        try prepareFolder()
        let checkpoint = try job.base.open(field: "model", log: host.log)
        let pool = try ThreadPool(threads: host.threads)
        noteStart(checkpoint)
        let base = try Model(checkpoint)
        try checkSignal()
        let language = try ModelLanguage(checkpoint)
        let (rows, validation) = try readRows(language, contextTokens: base.configuration.contextTokens)
        let trainer = try Trainer(
            base: base, settings: settings.training, data: rows.data, pool: pool,
            start: try job.base.adapter.map { try AdapterStart.read($0, base.configuration, settings.training) })
        try checkSignal()
        try note(trainer, rows, checkpoint)
        let hash = BaseHash(checkpoint, adapter: job.base.adapter)
        let validator = try Validator(validation?.data ?? rows.data, trainer, settings.training, signal)
        var loop = TrainingLoop(
            run: self, trainer: trainer, validator: validator,
            base: checkpoint, baseHash: hash)
        try loop.resume()
        try loop.train()
        try finish(&loop, base, pool)
    }

    func checkSignal() throws { if signal.isSet { throw TrainingError.cancelled } }

    /// Removes what a run that was killed left half.
    private func prepareFolder() throws {
        let known = try waiting { [host, job] in try await host.store.checkpoints(of: job.id) }
        checkpoints.removeAll(but: Set(known.map(\.folder)))
    }

    private func noteStart(_ checkpoint: ModelCheckpoint) {
        let training = settings.training
        var words = "job \(job.uuid) \(training.algorithm.rawValue)"
        words += training.preference == nil ? "" : " preference"
        words += " base \(job.base.model) \(checkpoint.commonestType) seed \(training.seed)"
        log.write(words)
        if settings.hasDeviceHints {
            log.write("memory_efficient_fsdp_wrap and fsdp_cpu_offload have no effect on one machine")
        }
    }

    private func readRows(
        _ language: ModelLanguage, contextTokens: Int
    ) throws -> (rows: TrainingRows, validation: TrainingRows?) {
        let tokensMax = min(settings.search.rowTokensMax ?? contextTokens, contextTokens)
        let writer = RowWriter(language, today: .init(job.scheduledAt), tokensMax: tokensMax)
        let rows = try read(job.rows, writer, "training")
        guard rows.used > 0 else {
            throw JobFault(
                "no row is left to train on: of \(rows.read) all were skipped"
                    + (rows.firstRefusal.map { " (\($0))" } ?? ": none has a token that carries loss"))
        }
        guard let copy = job.validation else { return (rows, nil) }
        let validation = try read(copy, writer, "validation")
        return (rows, validation)
    }

    private func read(_ copy: DatasetCopy, _ writer: RowWriter, _ name: String) throws -> TrainingRows {
        guard try CheckpointFolders.sha256(of: "\(folder.path)/\(copy.name)") == copy.sha256 else {
            throw JobFault(
                "\(copy.name), the job's copy of its dataset, is not what was accepted: submit the job again")
        }
        let rows = try TrainingRows(copy, in: folder.path, writer) { signal.isSet }
        log.write(rows.line(name))
        return rows
    }

    /// Notes `resources_allocated`.
    private func note(_ trainer: Trainer, _ rows: TrainingRows, _ checkpoint: ModelCheckpoint) throws {
        resources["threads"] = .integer(Int64(host.threads))
        resources["instructions"] = .string(InstructionSet.name)
        resources["base_form"] = .string(
            settings.training.algorithm == .qlora ? "NF4" : checkpoint.commonestType)
        resources["precision"] = .string(settings.search.precision.rawValue)
        resources["parameters_trained"] = .integer(Int64(trainer.parameters))
        resources["rows_used"] = .integer(Int64(rows.used))
        resources["rows_skipped"] = .integer(Int64(rows.skipped))
        try storeResources()
    }

    func storeResources() throws {
        resources["bytes_peak"] = .integer(Int64(ProcessMemory.bytesPeak))
        let kept = resources
        try waiting { [host, job] in try await host.store.set(kept, of: job.id) }
    }

    /// The best checkpoint is served, and has answered, before the job is complete.
    private func finish(_ loop: inout TrainingLoop, _ base: Model, _ pool: ThreadPool) throws {
        if settings.training.algorithm == .qlora, let rows = loop.validator.rows {
            try noteServedLoss(loop.trainer, base, pool, rows)
        }
        try storeResources()
        try loop.serveBest()
        try checkSignal()
        let start = ContinuousClock.now
        do { try waiting { [host, job] in try await host.ask(job.servedID) } } catch {
            try? waiting { [host, job] in try await host.withdraw(job) }
            throw JobFault(
                "what was trained does not answer and is served no more (\(JobFault.reason(error))); a lower learning "
                    + "rate may help")
        }
        log.write("\(job.servedID) answered after \(milliseconds(since: start)) ms")
    }

    /// The adapter of a QLoRA job is served on the base as it is configured.
    private func noteServedLoss(
        _ trainer: Trainer, _ base: Model, _ pool: ThreadPool, _ rows: [TrainingRow]
    ) throws {
        let signal = signal
        let onNF4 = try trainer.validationLoss(rows) { signal.isSet }
        var settings = settings.training
        settings.algorithm = .lora
        let served = try Trainer(
            base: base, settings: settings, data: .rows([rows[0]]), pool: pool, start: trainer.changes)
        let onServed = try served.validationLoss(rows) { signal.isSet }
        log.write("validation_nf4 \(onNF4.shown(4)) validation_served \(onServed.shown(4))")
    }
}

func milliseconds(since start: ContinuousClock.Instant) -> Int {
    Int((ContinuousClock.now - start) / .milliseconds(1))
}

extension BinaryFloatingPoint {
    /// The number with this many decimals.
    func shown(_ decimals: Int) -> String { String(format: "%.\(decimals)f", Double(self)) }
}
