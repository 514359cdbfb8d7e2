/// The endpoints of `post_training`. Where several providers serve it, the host finds the one that has the job.
public enum PostTraining {
    /// Answers the checkpoints that a job has written.
    public static let jobArtifacts = Endpoint<JobQuery, Nothing, PostTrainingJobArtifactsResponse, Nothing>(
        .postTraining, "job_artifacts", .get, "/post_training/job/artifacts",
        routingKey: .resource(.parameter("job_uuid")),
        summary: "What a job has made.")

    /// Stops a job; its answer is empty. One that has ended is left as it is. The draft's own document lost this route.
    /// Also served as GET.
    public static let jobCancel = Endpoint<JobQuery, Nothing, Nothing, Nothing>(
        .postTraining, "job_cancel", .post, "/post_training/job/cancel",
        aliases: [EndpointDescription.Route(.get, "/post_training/job/cancel")],
        routingKey: .resource(.parameter("job_uuid")),
        summary: "Stop a job.", rules: "Cancelling what has ended changes nothing.")

    /// Answers the caller's jobs at all providers, as JSON Lines, those of each oldest first. Not in the draft.
    public static let jobList = Endpoint<Nothing, Nothing, [PostTrainingJob], Nothing>(
        .postTraining, "job_list", .get, "/post_training/job/list", isJSONLines: true, routingKey: .all,
        isExtension: true, summary: "List the caller's jobs.")

    /// Sends a job's log as events, from its first line until the job ends. It may be silent for any time between two
    /// lines.
    public static let jobLogs = Endpoint<JobQuery, Nothing, Nothing, PostTrainingJobLogStream>(
        .postTraining, "job_logs", .get, "/post_training/job/logs", streaming: .always,
        routingKey: .resource(.parameter("job_uuid")), isUntimed: true,
        summary: "Follow a job's log from its first line.")

    /// Answers the state of a job.
    public static let jobStatus = Endpoint<JobQuery, Nothing, PostTrainingJobStatusResponse, Nothing>(
        .postTraining, "job_status", .get, "/post_training/job/status", routingKey: .resource(.parameter("job_uuid")),
        summary: "How a job is doing.")

    /// Starts a preference optimisation job under the caller's id; its answer is empty and comes when the job is
    /// accepted.
    public static let preferenceOptimize = Endpoint<Nothing, PostTrainingRLHFRequest, Nothing, Nothing>(
        .postTraining, "preference_optimize", .post, "/post_training/preference_optimize/",
        routingKey: .creation(.field("job_uuid")),
        bodyBytesMax: BodyLimits.datasetBytesMax, summary: "Start a preference optimisation job.")

    /// Starts a supervised fine-tuning job under the caller's id; its answer is empty and comes when the job is
    /// accepted.
    public static let supervisedFineTune = Endpoint<Nothing, PostTrainingSFTRequest, Nothing, Nothing>(
        .postTraining, "supervised_fine_tune", .post, "/post_training/supervised_fine_tune/",
        routingKey: .creation(.field("job_uuid")),
        bodyBytesMax: BodyLimits.datasetBytesMax, summary: "Start a supervised fine-tuning job.")

    static let all = [
        jobArtifacts.description, jobCancel.description, jobList.description, jobLogs.description,
        jobStatus.description, preferenceOptimize.description, supervisedFineTune.description,
    ]
}
