import Checkpoints
import DatasetRows
import Dispatch
import DurableFiles
import Foundation
import InferenceCPU
import Parallel
import ProviderKit
import Storage

/// Trains models of inference on this machine's CPU: jobs in SQLite, checkpoints that are served as soon as they are on
/// disk.
final class TrainingProvider: PostTrainingProvider {
    static let providerType = "inline::cpu"
    static let version = "1.0.0"
    static let summary = "Fine-tunes models on this machine's CPU, and serves each checkpoint as soon as it is saved."

    static let needs: [API] = [.inference]
    static let needsNetwork = true
    static let resources: [ResourceKind]? = []
    static let toldOf: [ResourceKind] = [.model]

    private let configuration: PostTrainingConfiguration
    private let context: ProviderContext
    private let host: JobHost
    private let jobs: JobQueue
    private let models = KnownModels()
    private let acceptance: JobAcceptance

    convenience init(configuration: PostTrainingConfiguration, context: ProviderContext) async throws {
        try await self.init(configuration: configuration, context: context) { Machine.bytesFree }
    }

    /// - Parameter bytesFree: memory that could still be taken; nil where nothing is known.
    init(
        configuration: PostTrainingConfiguration, context: ProviderContext,
        bytesFree: @escaping @Sendable () -> Int?
    ) async throws {
        guard let state = context.statePath else {
            throw ProviderError(
                .invalidConfig,
                "\(Self.providerType) keeps its jobs on disk: the distribution must name a 'state' folder")
        }
        do { try InstructionSet.check() } catch { throw ProviderError(.invalidConfig, error.description) }
        (self.configuration, self.context) = (configuration, context)
        let folder = "\(state)/jobs"
        try await DispatchQueue.global().run { try FileError.forClient { try DurableFolder.make(folder, in: state) } }
        let store = try await JobStore(in: state, log: context.log)
        let threads =
            configuration.threads > 0 ? configuration.threads : min(Machine.coresUsable, ThreadPool.threadsMax)
        host = JobHost(store: store, configuration: configuration, context: context, threads: threads)
        jobs = JobQueue(host, folder: folder, bytesFree: bytesFree)
        acceptance = JobAcceptance(host, models, folder: folder)
        if context.purpose == .serve { try await goOn(folder) }
    }

    /// Goes on with what the last process left: folders that no job has, and jobs that have not ended.
    private func goOn(_ folder: String) async throws {
        let known = try await host.store.folders()
        try await DispatchQueue.global().run {
            for name in try FileManager.default.contentsOfDirectory(atPath: folder) where !known.contains(name) {
                try? FileManager.default.removeItem(atPath: "\(folder)/\(name)")
            }
        }
        let died = try await host.store.noteDeaths()
        let open = try await host.store.open()
        for job in open where died.contains(job.id) {
            let log = jobs.log(of: job)
            try await DispatchQueue.global().run {
                log.write("the process ended while the job ran (\(job.deaths) of at most 3 times)")
            }
        }
        // What ran goes on before what waits.
        jobs.add(open.filter { $0.status == .running } + open.filter { $0.status == .scheduled })
    }

    func shutdown() async {
        await jobs.close()
        await host.store.close()
    }

    func register(_ resource: Resource) async throws {
        guard resource.kind == ResourceKind.model.name, resource.provider != nil else {
            throw Self.refusal(of: resource)
        }
        models.add(resource)
    }

    func unregister(_ resource: Resource) async throws { models.remove(resource) }

    // MARK: Calls

    func supervisedFineTune(_ request: PostTrainingSFTRequest, _ call: Call) async throws {
        jobs.add([try await acceptance.accept(.supervised(request), call)])
    }

    func preferenceOptimize(_ request: PostTrainingRLHFRequest, _ call: Call) async throws {
        jobs.add([try await acceptance.accept(.preference(request), call)])
    }

    func jobStatus(_ job: JobQuery, _ call: Call) async throws -> PostTrainingJobStatusResponse {
        let job = try await host.store.job(job.jobUUID, of: call.principal)
        return PostTrainingJobStatusResponse(
            jobUUID: job.uuid, status: job.status, scheduledAt: job.scheduledAt, startedAt: job.startedAt,
            completedAt: job.completedAt, resourcesAllocated: job.resources, checkpoints: try await checkpoints(of: job)
        )
    }

    func jobList(_ call: Call) async throws -> [PostTrainingJob] {
        try await host.store.jobs(of: call.principal).map { job in
            PostTrainingJob(
                jobUUID: job.uuid, status: job.status, scheduledAt: job.scheduledAt, startedAt: job.startedAt,
                completedAt: job.completedAt, servedAs: job.servedID)
        }
    }

    func jobArtifacts(_ job: JobQuery, _ call: Call) async throws -> PostTrainingJobArtifactsResponse {
        let job = try await host.store.job(job.jobUUID, of: call.principal)
        return PostTrainingJobArtifactsResponse(jobUUID: job.uuid, checkpoints: try await checkpoints(of: job))
    }

    func jobLogs(
        _ job: JobQuery, _ call: Call, streamingTo stream: EventStream<PostTrainingJobLogStream>
    ) async throws {
        let job = try await host.store.job(job.jobUUID, of: call.principal)
        let log = jobs.log(of: job)
        if !job.status.hasEnded {
            let now = try await host.store.job(job.uuid, of: call.principal)
            if now.status.hasEnded { jobs.settle(log, of: now) }
        }
        try await log.follow { lines in
            try await stream.send(PostTrainingJobLogStream(jobUUID: job.uuid, logLines: lines))
        }
    }

    func jobCancel(_ job: JobQuery, _ call: Call) async throws {
        try await jobs.cancel(host.store.job(job.jobUUID, of: call.principal))
    }

    /// Those that are whole.
    private func checkpoints(of job: Job) async throws -> [Checkpoint] {
        let rows = try await host.store.checkpoints(of: job.id)
        let folders = CheckpointFolders(jobs.folder(of: job).checkpointsPath)
        return try await DispatchQueue.global().run {
            try rows.filter { folders.isWhole($0.folder) }.map {
                Checkpoint(
                    iters: $0.step,
                    path: try WireURL(URL(fileURLWithPath: folders.path($0.folder), isDirectory: false).absoluteString))
            }
        }
    }
}

/// The module of `libprovider-post-training-cpu.so` exports.
package func postTrainingCPUModule() -> UnsafePointer<lsp_module>? { exportProviders(TrainingProvider.self) }
