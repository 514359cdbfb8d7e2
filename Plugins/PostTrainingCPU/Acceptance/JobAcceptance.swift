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
        try require(settings, fits: checkpoint)
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
            let id = try await host.store.add(new, host.configuration)
            call.log.info("job accepted", ["job": request.jobUUID, "rows": "\(new.rows?.rows ?? 0)"])
            return try await host.store.open().first { $0.id == id }
                ?? { throw ProviderError(.internal, "a job that was stored is not there") }()
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
            return try BaseModel(training: request.model.rawValue, in: models, host.context)
        case .preference(let request):
            return try await BaseModel(finetuned: request.finetunedModel, in: models, host.context) {
                try await checkpoint(at: $0)
            }
        }
    }

    /// The model and the adapter of a checkpoint's folder; nil when it is none that is whole.
    private func checkpoint(at path: String) async throws -> BaseModel? {
        let parts = path.split(separator: "/").map(String.init)
        guard parts.count > 3, path.hasPrefix(folder + "/"), parts[parts.count - 2] == "checkpoints" else { return nil }
        guard let job = try await host.store.job(inFolder: parts[parts.count - 3]) else { return nil }
        let folders = CheckpointFolders(JobFolder(path: "\(folder)/\(job.folder)").checkpointsPath)
        guard let row = try await host.store.checkpoints(of: job.id).first(where: { $0.folder == parts.last }),
            try await queue.run({ folders.isWhole(row.folder) })
        else { return nil }
        return BaseModel(model: job.base.model, path: job.base.path, adapter: folders.path(row.folder))
    }

    private func require(_ settings: JobSettings, fits checkpoint: ModelCheckpoint) throws {
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
