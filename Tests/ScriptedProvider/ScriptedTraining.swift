import ProviderKit

struct ScriptedTraining: PostTrainingProvider, Scripted {
    init(configuration: NoConfiguration, context: ProviderContext) {}

    func supervisedFineTune(_ request: PostTrainingSFTRequest, _ call: Call) async throws {
        call.note(body: request.json)
    }

    func preferenceOptimize(_ request: PostTrainingRLHFRequest, _ call: Call) async throws {
        call.note(body: request.json)
    }

    func jobStatus(_ job: JobQuery, _ call: Call) async throws -> PostTrainingJobStatusResponse {
        call.note(job.json)
        return PostTrainingJobStatusResponse(jobUUID: job.jobUUID, status: .running)
    }

    func jobList(_ call: Call) async throws -> [PostTrainingJob] {
        call.note()
        return [PostTrainingJob(jobUUID: "job", status: .running)]
    }

    func jobArtifacts(_ job: JobQuery, _ call: Call) async throws -> PostTrainingJobArtifactsResponse {
        call.note(job.json)
        return PostTrainingJobArtifactsResponse(
            jobUUID: job.jobUUID, checkpoints: [Checkpoint(iters: 10, path: try WireURL("file:///checkpoint"))])
    }

    func jobLogs(_ job: JobQuery, _ call: Call, streamingTo stream: EventStream<PostTrainingJobLogStream>) async throws
    {
        call.note(job.json)
        try await Script.play(job.jobUUID) {
            try await stream.send(.init(jobUUID: job.jobUUID, logLines: [$0, "end"]))
        }
    }

    func jobCancel(_ job: JobQuery, _ call: Call) async throws { call.note(job.json) }
}
