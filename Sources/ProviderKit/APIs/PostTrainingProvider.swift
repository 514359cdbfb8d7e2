import LlamaStackAPI

/// A provider of `post_training`: jobs that make models and adapters. What a job has made is announced to the host.
public protocol PostTrainingProvider: Provider {
    /// Starts a supervised fine-tuning job under the caller's `jobUUID`. Returns when the job is accepted; the work
    /// goes on.
    ///
    /// Throw `alreadyExists` when the id is in use, `modelNotFound` when the base model is unknown, and
    /// `invalidRequest` for settings that cannot be trained with. No job exists then. Cancelling the call does not
    /// cancel a job that was accepted: use ``jobCancel(_:_:)``.
    func supervisedFineTune(_ request: PostTrainingSFTRequest, _ call: Call) async throws
    /// Starts a preference optimisation job under the caller's `jobUUID`. Returns when the job is accepted; the work
    /// goes on.
    ///
    /// Ids, errors and cancellation: as for ``supervisedFineTune(_:_:)``. The two kinds of job share one space of ids.
    func preferenceOptimize(_ request: PostTrainingRLHFRequest, _ call: Call) async throws
    /// The state of a job and the checkpoints that it has written. It changes nothing.
    ///
    /// Throw `notFound` when the job does not exist. The host also calls it to find out whether an id is in use, before
    /// it lets another provider start a job with that id.
    func jobStatus(_ job: JobQuery, _ call: Call) async throws -> PostTrainingJobStatusResponse
    /// The caller's jobs, oldest first, ended ones among them; an empty list when there are none.
    func jobList(_ call: Call) async throws -> [PostTrainingJob]
    /// The checkpoints that a job has written so far; an empty list before the first.
    ///
    /// Throw `notFound` when the job does not exist.
    func jobArtifacts(_ job: JobQuery, _ call: Call) async throws -> PostTrainingJobArtifactsResponse
    /// Sends the job's log from its first line, and follows it until the job ends. For a job that has ended, sends all
    /// lines and returns.
    ///
    /// Throw `notFound` when the job does not exist. When the call is cancelled or the reader leaves, `send` throws
    /// `CancellationError`; the job itself goes on. Any number of readers may follow one job.
    func jobLogs(_ job: JobQuery, _ call: Call, streamingTo stream: EventStream<PostTrainingJobLogStream>) async throws
    /// Stops a job. It then has the status `failed`, and its last log line says that it was cancelled.
    ///
    /// Cancelling a job that has ended changes nothing and is no error. Throw `notFound` when the job does not exist.
    func jobCancel(_ job: JobQuery, _ call: Call) async throws
}

extension PostTrainingProvider {
    /// A conforming provider implements `post_training`.
    public static var api: API { .postTraining }

    /// The endpoints of ``PostTraining``, each with the method of this protocol that answers it.
    public static var methods: [Method<Self>] {
        [
            Method(PostTraining.supervisedFineTune) { try await $0.supervisedFineTune($2, $3) },
            Method(PostTraining.preferenceOptimize) { try await $0.preferenceOptimize($2, $3) },
            Method(PostTraining.jobStatus) { provider, job, _, call in try await provider.jobStatus(job, call) },
            Method(PostTraining.jobList) { provider, _, _, call in try await provider.jobList(call) },
            Method(PostTraining.jobArtifacts) { provider, job, _, call in try await provider.jobArtifacts(job, call) },
            Method(streaming: PostTraining.jobLogs) { provider, job, _, call, stream in
                try await provider.jobLogs(job, call, streamingTo: stream)
            },
            Method(PostTraining.jobCancel) { provider, job, _, call in try await provider.jobCancel(job, call) },
        ]
    }
}
