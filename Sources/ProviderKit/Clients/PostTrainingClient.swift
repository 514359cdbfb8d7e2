import LlamaStackAPI

/// `post_training`, as another provider calls it.
public struct PostTrainingClient: Sendable {
    public let caller: HostCaller

    public func supervisedFineTune(_ request: PostTrainingSFTRequest) async throws {
        _ = try await caller.answer(PostTraining.supervisedFineTune, Nothing(), request)
    }

    public func preferenceOptimize(_ request: PostTrainingRLHFRequest) async throws {
        _ = try await caller.answer(PostTraining.preferenceOptimize, Nothing(), request)
    }

    public func jobStatus(_ job: JobQuery) async throws -> PostTrainingJobStatusResponse {
        try await caller.answer(PostTraining.jobStatus, job, Nothing())
    }

    public func jobArtifacts(_ job: JobQuery) async throws -> PostTrainingJobArtifactsResponse {
        try await caller.answer(PostTraining.jobArtifacts, job, Nothing())
    }

    public func jobLogs(_ job: JobQuery) throws -> AnswerEvents<PostTrainingJobLogStream> {
        try caller.events(PostTraining.jobLogs, job, Nothing())
    }

    public func jobCancel(_ job: JobQuery) async throws {
        _ = try await caller.answer(PostTraining.jobCancel, job, Nothing())
    }
}
