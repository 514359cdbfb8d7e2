import Checkpoints
import DatasetRows
import Dispatch
import Foundation
import InferenceCPU
import ProviderKit
import Synchronization

/// Checks what a job asks for, down to its last row, before there is a job.
struct JobAcceptance: Sendable {
    private let host: JobHost
    private let models: KnownModels
    private let folder: String
    private let opener: ContentOpener
    /// Reading blocks: not on Swift's shared threads.
    private let queue = DispatchQueue(label: "post-training", attributes: .concurrent)

    init(_ host: JobHost, _ models: KnownModels, folder: String) {
        (self.host, self.models, self.folder) = (host, models, folder)
        opener = ContentOpener(roots: host.configuration.fileRoots.map(host.context.path))
    }

    /// Returns when the job is on disk.
    func accept(_ request: JobRequest, _ call: Call) async throws -> Job {
        var settings = try JobSettings(request)
        let base = try await base(of: request)
        if let adapter = base.adapter { try settings.goOn(from: adapter, request) }
        let form = try ExampleForm(request.dataset.columns, for: request.kind, field: "dataset")
        let validationForm = try ExampleForm(
            request.validationDataset.columns, for: request.kind, field: "validation_dataset")
        var new = NewJob(
            request: request, principal: call.principal, base: base,
            servedID: try JobNames.servedID(base.model, request, settings), scheduledAt: Date())
        // Before the rows are read, and again with the row: another call may be faster.
        try await host.store.check(new, host.configuration)
        guard !models.contains(new.servedID) else { throw JobNames.taken(new.servedID, request) }
        let checkpoint = try await queue.run { [log = host.log] in
            try base.open(field: request.kind == .supervised ? "model" : "finetuned_model", log: log)
        }
        try require(settings, fits: checkpoint, of: base.model)
        let (name, folder) = try await queue.run { [path = self.folder] in try JobFolder.make(in: path) }
        do {
            new.folder = name
            new.rows = try await copy(
                request.dataset, form, JobFolder.rowsName, "dataset", folder, call)
            if request.validationDataset != request.dataset {
                new.validation = try await copy(
                    request.validationDataset, validationForm, JobFolder.validationName, "validation_dataset", folder,
                    call)
            }
            if let adapter = base.adapter {
                new.base.adapter = try await queue.run { try folder.keep(adapter) }
            }
            try estimate(&new, settings, checkpoint)
            try await host.store.add(new, host.configuration)
            call.log.info("job accepted", ["job": request.jobUUID, "rows": "\(new.rows?.rows ?? 0)"])
            // As it stands now: it may be cancelled already.
            return try await host.store.job(request.jobUUID, of: call.principal)
        } catch {
            // After a fault of the disk the row may be there or not: the next start knows.
            let isSure = (error as? ProviderError)?.code != .providerUnavailable
            if isSure { try? await queue.run { folder.remove() } }
            throw error
        }
    }

    private func base(of request: JobRequest) async throws -> BaseModel {
        switch request {
        case .supervised(let request):
            let base = try BaseModel(training: request.model.rawValue, in: models, host.context)
            if let (job, _) = try await job(of: base.path), !job.status.hasEnded {
                throw ProviderError(
                    .invalidRequest,
                    "model '\(base.model)' is still trained by job '\(job.uuid)', whose files change: wait until it has "
                        + "ended", field: "model")
            }
            return base
        case .preference(let request):
            return try await BaseModel(finetuned: request.finetunedModel, in: models, host.context) {
                try await checkpoint(at: $0)
            }
        }
    }

    /// The model and the adapter of a checkpoint's folder; nil when it is none that is whole.
    private func checkpoint(at path: String) async throws -> BaseModel? {
        guard let (job, name) = try await job(of: path) else { return nil }
        let folders = CheckpointFolders(JobFolder(path: "\(folder)/\(job.folder)").checkpointsPath)
        guard folders.path(name) == path,
            let row = try await host.store.checkpoints(of: job.id).first(where: { $0.folder == name }),
            try await queue.run({ folders.isWhole(row.folder) })
        else { return nil }
        if try JobSettings(job.request).training.algorithm == .full { return try wholeModel(of: job, in: path) }
        return BaseModel(model: job.base.model, path: job.base.path, adapter: path)
    }

    /// The job that made a file, and the name of the checkpoint's folder; nil for files that no job made.
    private func job(of path: String) async throws -> (job: Job, checkpoint: String)? {
        guard path.hasPrefix(folder + "/") else { return nil }
        let parts = path.dropFirst(folder.count + 1).split(separator: "/").map(String.init)
        guard parts.count > 2, parts[1] == "checkpoints", let job = try await host.store.job(inFolder: parts[0]) else {
            return nil
        }
        return (job, parts[2])
    }

    /// The model of a `full` checkpoint. An adapter is served on what it was trained on, so that must be what the job's
    /// id stands for, and stay so.
    private func wholeModel(of job: Job, in folder: String) throws -> BaseModel {
        let (field, path) = ("finetuned_model", WholeModelFiles.path(in: folder))
        guard job.status.hasEnded else {
            throw ProviderError(
                .invalidRequest,
                "\(field) is a checkpoint of job '\(job.uuid)', which trains a whole model and has not ended: wait for it",
                field: field)
        }
        guard let served = models.inference(job.servedID), let place = served.path else {
            throw ProviderError(
                .invalidRequest,
                "\(field) is a checkpoint of job '\(job.uuid)', whose model '\(job.servedID)' is not served: an adapter "
                    + "needs the model that it was trained on", field: field)
        }
        guard place == path else {
            throw ProviderError(
                .invalidRequest,
                "\(field) must be the checkpoint that '\(job.servedID)' serves, on which the adapter will be served: "
                    + "\(place); got \(path)", field: field)
        }
        return BaseModel(model: served.id, path: path, adapter: nil)
    }

    private func require(_ settings: JobSettings, fits checkpoint: ModelCheckpoint, of model: String) throws {
        do {
            try checkpoint.configuration.requireTrained()
        } catch {
            throw ProviderError(.invalidRequest, "model '\(model)' can't be trained: \(error)", field: "model")
        }
        if settings.training.algorithm == .full { try WholeModelFiles.require(checkpoint, model: model) }
        let context = checkpoint.configuration.contextTokens
        if let tokens = settings.search.rowTokensMax, tokens > context {
            let field = "\(SearchSettings.field).row_tokens_max"
            throw ProviderError(
                .invalidRequest, "\(field) must be at most the model's context (\(context) tokens), got \(tokens)",
                field: field)
        }
    }

    private func estimate(_ new: inout NewJob, _ settings: JobSettings, _ checkpoint: ModelCheckpoint) throws {
        // No token is less than a byte.
        let longest = max(new.rows?.rowBytesMax ?? 0, new.validation?.rowBytesMax ?? 0)
        let tokensMax = settings.search.rowTokensMax ?? checkpoint.configuration.contextTokens
        let bytes = JobMemory.bytes(
            checkpoint, settings, longestRow: min(longest, tokensMax, checkpoint.configuration.contextTokens),
            threads: host.threads)
        try JobMemory.require(bytes, of: Machine.bytesTotal)
        new.resources["bytes_estimated"] = .integer(Int64(bytes))
    }

    private func copy(
        _ dataset: Dataset, _ form: ExampleForm, _ name: String, _ field: String, _ folder: JobFolder, _ call: Call
    ) async throws -> DatasetCopy {
        let place = "\(field).content_url"
        let fetched = folder.fetchedPath(name)
        let open = try await NetworkContent.open(
            dataset.contentURL, by: opener, through: call.network, into: fetched, field: place)
        let limits = host.configuration.rowLimits
        let cancelled = Atomic(false)
        return try await withTaskCancellationHandler {
            try await queue.run {
                defer { unlink(fetched) }
                do {
                    return try DatasetCopy.write(
                        open(), of: dataset, form, to: "\(folder.path)/\(name)", limits
                    ) { cancelled.load(ordering: .relaxed) }
                } catch let error as DatasetError {
                    throw ProviderError(.invalidRequest, "\(place) \(error)", field: place)
                }
            }
        } onCancel: {
            cancelled.store(true, ordering: .relaxed)
        }
    }
}
