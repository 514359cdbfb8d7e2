import LlamaStackAPI

/// Typed calls to `post_training` of another provider. Every method throws as ``HostCaller/answer(_:_:_:options:)``
/// does, and those that take a job throw `notFound` when it does not exist.
public struct PostTrainingClient: Sendable {
    /// For calls with options, or of an endpoint that has no method here.
    public let caller: HostCaller

    /// Starts a job; returns when it is accepted. Throws `alreadyExists` when its id is in use. Cancelling the task
    /// does not cancel a job that was accepted.
    public func supervisedFineTune(_ request: PostTrainingSFTRequest) async throws {
        _ = try await caller.answer(PostTraining.supervisedFineTune, Nothing(), request)
    }

    /// Starts a job; returns when it is accepted. Throws `alreadyExists` when its id is in use. Cancelling the task
    /// does not cancel a job that was accepted.
    public func preferenceOptimize(_ request: PostTrainingRLHFRequest) async throws {
        _ = try await caller.answer(PostTraining.preferenceOptimize, Nothing(), request)
    }

    /// The state of a job and the checkpoints that it has written.
    public func jobStatus(_ job: JobQuery) async throws -> PostTrainingJobStatusResponse {
        try await caller.answer(PostTraining.jobStatus, job, Nothing())
    }

    /// The caller's jobs at all providers, those of each provider oldest first.
    public func jobList() async throws -> [PostTrainingJob] {
        try await caller.answer(PostTraining.jobList, Nothing(), Nothing())
    }

    /// The checkpoints that a job has written so far.
    public func jobArtifacts(_ job: JobQuery) async throws -> PostTrainingJobArtifactsResponse {
        try await caller.answer(PostTraining.jobArtifacts, job, Nothing())
    }

    /// The job's log from its first line, until the job ends. Leaving the loop ends the call and not the job; errors
    /// come out of the loop.
    public func jobLogs(_ job: JobQuery) throws -> AnswerEvents<PostTrainingJobLogStream> {
        try caller.events(PostTraining.jobLogs, job, Nothing())
    }

    /// Stops a job. One that has ended is left as it is, without an error.
    public func jobCancel(_ job: JobQuery) async throws {
        _ = try await caller.answer(PostTraining.jobCancel, job, Nothing())
    }
}
