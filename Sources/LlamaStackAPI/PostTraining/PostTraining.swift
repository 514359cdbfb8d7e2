public enum PostTraining {
    public static let jobArtifacts = Endpoint<JobQuery, Nothing, PostTrainingJobArtifactsResponse, Nothing>(
        .postTraining, "job_artifacts", .get, "/post_training/job/artifacts",
        routingKey: .resource(.parameter("job_uuid")),
        summary: "What a job has made.")

    /// The draft's own document lost this route.
    public static let jobCancel = Endpoint<JobQuery, Nothing, Nothing, Nothing>(
        .postTraining, "job_cancel", .post, "/post_training/job/cancel",
        aliases: [EndpointDescription.Route(.get, "/post_training/job/cancel")],
        routingKey: .resource(.parameter("job_uuid")),
        summary: "Stop a job.", rules: "Cancelling what has ended changes nothing.")

    public static let jobLogs = Endpoint<JobQuery, Nothing, Nothing, PostTrainingJobLogStream>(
        .postTraining, "job_logs", .get, "/post_training/job/logs", streaming: .always,
        routingKey: .resource(.parameter("job_uuid")), isUntimed: true, summary: "Follow a job's log from its first line.")

    public static let jobStatus = Endpoint<JobQuery, Nothing, PostTrainingJobStatusResponse, Nothing>(
        .postTraining, "job_status", .get, "/post_training/job/status", routingKey: .resource(.parameter("job_uuid")),
        summary: "How a job is doing.")

    public static let preferenceOptimize = Endpoint<Nothing, PostTrainingRLHFRequest, Nothing, Nothing>(
        .postTraining, "preference_optimize", .post, "/post_training/preference_optimize/",
        routingKey: .creation(.field("job_uuid")),
        bodyBytesMax: BodyLimits.datasetBytesMax, summary: "Start a preference optimisation job.")

    public static let supervisedFineTune = Endpoint<Nothing, PostTrainingSFTRequest, Nothing, Nothing>(
        .postTraining, "supervised_fine_tune", .post, "/post_training/supervised_fine_tune/",
        routingKey: .creation(.field("job_uuid")),
        bodyBytesMax: BodyLimits.datasetBytesMax, summary: "Start a supervised fine-tuning job.")

    static let all = [
        jobArtifacts.description, jobCancel.description, jobLogs.description, jobStatus.description,
        preferenceOptimize.description, supervisedFineTune.description,
    ]
}
