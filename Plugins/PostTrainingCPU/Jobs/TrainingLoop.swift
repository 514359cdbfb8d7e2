import Checkpoints
import Foundation
import LlamaTraining
import ProviderKit

/// The steps of a run, with what is done between them: validation, checkpoints, the log.
struct TrainingLoop {
    let run: JobRun
    let trainer: Trainer
    let validator: Validator
    let base: ModelCheckpoint
    let baseHash: BaseHash
    /// The checkpoint with the smallest validation loss.
    private var best: (step: Int, loss: Double)?
    /// The smallest validation loss so far, also where no checkpoint was.
    private var lowestLoss: Double?
    private var checksSinceBest = 0
    private var validationLoss: Double?
    private var servedStep: Int?

    init(run: JobRun, trainer: Trainer, validator: Validator, base: ModelCheckpoint, baseHash: BaseHash) {
        (self.run, self.trainer, self.validator) = (run, trainer, validator)
        (self.base, self.baseHash) = (base, baseHash)
    }

    // MARK: Going on

    /// Goes on from the newest checkpoint that is whole and belongs to this run.
    mutating func resume() throws {
        let rows = try waiting { [host = run.host, id = run.job.id] in try await host.store.checkpoints(of: id) }
        guard !rows.isEmpty else { return }
        let hash = try baseHash.value()
        for row in rows.reversed() {
            let reason: String
            if let fault = run.checkpoints.fault(of: row.folder) {
                reason = fault
            } else if let state = run.checkpoints.state(of: row.folder), state.step == row.step {
                guard state.baseSHA256 == hash else {
                    throw JobFault(
                        "the files of '\(run.job.base.model)' changed since checkpoint \(row.step): what was trained does "
                            + "not belong to them; put the old files back, or submit the job again")
                }
                guard state.rowsSHA256 == run.job.rows.sha256, state.settingsSHA256 == settingsHash else {
                    throw JobFault("checkpoint \(row.step) belongs to other rows or settings")
                }
                try restore(state, from: row.folder)
                run.log.write("resumed at step \(state.step)/\(trainer.steps)")
                return
            } else {
                reason = "\(CheckpointFolders.stateName) can't be read"
            }
            run.log.write("checkpoint \(row.step) is damaged and left out: \(reason)")
            try waiting { [host = run.host, id = run.job.id] in try await host.store.remove(step: row.step, of: id) }
            run.checkpoints.remove(row.folder)
        }
    }

    private mutating func restore(_ state: CheckpointState, from folder: String) throws {
        let saved = try SavedNumbers("\(run.checkpoints.path(folder))/\(CheckpointFolders.optimiserName)")
        let weights = isWhole ? try WholeModelFiles.reader(of: run.checkpoints.path(folder), for: trainer) : nil
        try trainer.restore(step: state.step) { saved.numbers($0) ?? weights?($0) }
        best = state.bestStep.flatMap { step in state.bestLoss.map { (step, $0) } }
        lowestLoss = state.lowestLoss
        checksSinceBest = state.checksSinceBest
        validationLoss = state.validationLoss
    }

    private var settingsHash: String { run.settings.hash }
    private var isWhole: Bool { run.settings.training.algorithm == .full }

    // MARK: Steps

    mutating func train() throws {
        let search = run.settings.search
        var clock = StepClock()
        while trainer.step < trainer.steps {
            if stopsEarly {
                run.log.write("stopped early at step \(trainer.step): \(checksSinceBest) validations were no better")
                return
            }
            let report = try trainer.advance { [signal = run.signal] in signal.isSet }
            clock.count(report)
            let isLast = trainer.step == trainer.steps
            let isCheckpoint = isLast || trainer.step % search.checkpointSteps == 0
            let isCheck = isCheckpoint || trainer.step % search.validationSteps == 0
            if isLast || isCheckpoint || trainer.step % run.settings.logSteps == 0 {
                run.log.write(clock.line(report))
            }
            if isCheck { try validate() }
            if isCheckpoint || stopsEarly { try save() }
        }
    }

    private var stopsEarly: Bool {
        let checks = run.settings.search.earlyStopChecks
        return checks > 0 && checksSinceBest >= checks
    }

    private mutating func validate() throws {
        guard let (loss, accuracy) = try validator.loss() else { return }
        guard loss.isFinite else { throw JobFault("step \(trainer.step): the validation loss is not finite") }
        validationLoss = loss
        let isBest = lowestLoss.map { loss < $0 } ?? true
        if isBest { lowestLoss = loss }
        checksSinceBest = isBest ? 0 : checksSinceBest + 1
        var line = "validation \(loss.shown(4)) step \(trainer.step)/\(trainer.steps)"
        if let accuracy { line += " accuracy \(accuracy.shown(3))" }
        run.log.write(line + (isBest ? " best" : ""))
    }

    // MARK: Checkpoints

    private mutating func save() throws {
        let step = trainer.step
        let job = run.job
        if let loss = validationLoss, best.map({ loss < $0.loss }) ?? true { best = (step, loss) }
        let state = CheckpointState(
            step: step, steps: trainer.steps, baseSHA256: try baseHash.value(), rowsSHA256: job.rows.sha256,
            settingsSHA256: settingsHash, validationLoss: validationLoss, bestStep: best?.step, bestLoss: best?.loss,
            lowestLoss: lowestLoss, checksSinceBest: checksSinceBest)
        try run.checkpoints.write(step: step, state) { folder in
            if isWhole {
                try WholeModelFiles.write(trainer, base, to: folder)
            } else {
                try AdapterFiles.write(trainer, run.settings.training, base, to: folder)
            }
            // The weights of a whole model are there already.
            let state = trainer.state.filter { trainer.weightName(of: $0.name, in: base.names) == nil }
            try SavedNumbers.write(state, to: "\(folder)/\(CheckpointFolders.optimiserName)")
        }
        let name = CheckpointFolders.name(step: step)
        let row = CheckpointRow(step: step, folder: name, validationLoss: validationLoss)
        try waiting { [host = run.host] in try await host.store.add(row, to: job.id) }
        run.log.write("checkpoint \(step) is saved")
        try run.checkSignal()
        serve(step)
        try prune()
        try run.storeResources()
    }

    /// The same id moves on from checkpoint to checkpoint. What can't be served now is, at the end, an error.
    private mutating func serve(_ step: Int) {
        do {
            try announce(step)
        } catch {
            run.log.write("checkpoint \(step) is not served: \(JobFault.reason(error))")
        }
    }

    private mutating func announce(_ step: Int) throws {
        guard step != servedStep else { return }
        let start = ContinuousClock.now
        let (job, host) = (run.job, run.host)
        let path = run.checkpoints.path(CheckpointFolders.name(step: step))
        let isWhole = isWhole
        try waiting { try await host.serve(job, path, isWholeModel: isWhole) }
        servedStep = step
        run.log.write("checkpoint \(step) is served as \(job.servedID) after \(milliseconds(since: start)) ms")
    }

    /// The best stays at the end; without a validation, the last.
    mutating func serveBest() throws { try announce(best?.step ?? trainer.step) }

    /// Keeps the newest, and the best.
    private func prune() throws {
        let id = run.job.id
        let rows = try waiting { [host = run.host] in try await host.store.checkpoints(of: id) }
        for row in rows.dropLast(run.host.configuration.checkpointsKept) where row.step != best?.step {
            try waiting { [host = run.host] in try await host.store.remove(step: row.step, of: id) }
            run.checkpoints.remove(row.folder)
        }
    }
}

/// How fast steps are, for the log.
private struct StepClock {
    private let start = ContinuousClock.now
    private var last = ContinuousClock.now
    private var seconds = 0.0
    private var steps = 0

    mutating func count(_ report: StepReport) {
        let now = ContinuousClock.now
        seconds = (now - last) / .seconds(1)
        last = now
        steps += 1
    }

    /// `key value` pairs in a fixed order.
    func line(_ report: StepReport) -> String {
        var words = "step \(report.step)/\(report.steps) loss \(report.loss.shown(4)) tokens \(report.tokens)"
        words += " grad \(report.gradientNorm.shown(3)) lr \(String(format: "%.1e", report.learningRate))"
        words += " tokens_per_s \((Double(report.tokens) / max(seconds, 1e-9)).shown(0))"
        let mean = (last - start) / .seconds(1) / Double(max(1, steps))
        words += " seconds_left \((mean * Double(report.steps - report.step)).shown(0))"
        if let preference = report.preference {
            words += " chosen \(preference.chosen.shown(4)) rejected \(preference.rejected.shown(4))"
            words += " margin \(preference.margin.shown(4)) accuracy \(preference.accuracy.shown(3))"
        }
        return words
    }
}
