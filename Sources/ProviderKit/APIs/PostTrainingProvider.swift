import LlamaStackAPI

/// A provider of `post_training`: jobs that make models and adapters. What a job has made is announced to the host.
public protocol PostTrainingProvider: Provider {
    /// Returns when the job is accepted; the work goes on.
    func supervisedFineTune(_ request: PostTrainingSFTRequest, _ call: Call) async throws
    /// Returns when the job is accepted; the work goes on.
    func preferenceOptimize(_ request: PostTrainingRLHFRequest, _ call: Call) async throws
    func jobStatus(_ job: JobQuery, _ call: Call) async throws -> PostTrainingJobStatusResponse
    func jobArtifacts(_ job: JobQuery, _ call: Call) async throws -> PostTrainingJobArtifactsResponse
    /// From the job's first line; ends with the job.
    func jobLogs(_ job: JobQuery, _ call: Call, streamingTo stream: EventStream<PostTrainingJobLogStream>) async throws
    func jobCancel(_ job: JobQuery, _ call: Call) async throws
}

extension PostTrainingProvider {
    public static var api: API { .postTraining }

    public static var methods: [Method<Self>] {
        [
            Method(PostTraining.supervisedFineTune) { try await $0.supervisedFineTune($2, $3) },
            Method(PostTraining.preferenceOptimize) { try await $0.preferenceOptimize($2, $3) },
            Method(PostTraining.jobStatus) { provider, job, _, call in try await provider.jobStatus(job, call) },
            Method(PostTraining.jobArtifacts) { provider, job, _, call in try await provider.jobArtifacts(job, call) },
            Method(streaming: PostTraining.jobLogs) { provider, job, _, call, stream in
                try await provider.jobLogs(job, call, streamingTo: stream)
            },
            Method(PostTraining.jobCancel) { provider, job, _, call in try await provider.jobCancel(job, call) },
        ]
    }
}
