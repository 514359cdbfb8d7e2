import Foundation

public enum PostTrainingJobStatus: String, WireEnum {
    case running, completed
    /// Also of a job that was cancelled: its last log line says so.
    case failed
    case scheduled
}

/// How a job is doing.
public struct PostTrainingJobStatusResponse: WireRecord, Hashable {
    public var jobUUID: String
    public var status: PostTrainingJobStatus
    public var scheduledAt: Date?
    public var startedAt: Date?
    public var completedAt: Date?
    public var resourcesAllocated: JSONObject?
    public var checkpoints: [Checkpoint]

    public init(
        jobUUID: String, status: PostTrainingJobStatus, scheduledAt: Date? = nil, startedAt: Date? = nil,
        completedAt: Date? = nil, resourcesAllocated: JSONObject? = nil, checkpoints: [Checkpoint] = []
    ) {
        self.jobUUID = jobUUID
        self.status = status
        self.scheduledAt = scheduledAt
        self.startedAt = startedAt
        self.completedAt = completedAt
        self.resourcesAllocated = resourcesAllocated
        self.checkpoints = checkpoints
    }

    public static let object = Object(
        "PostTrainingJobStatusResponse", Self.init,
        Field("job_uuid", \.jobUUID, check: .identifier, "The job's id, chosen by the caller."),
        Field("status", \.status, "Where it is."),
        Field("scheduled_at", \.scheduledAt, "When it was taken on."),
        Field("started_at", \.startedAt, "When it began."),
        Field("completed_at", \.completedAt, "When it ended."),
        Field("resources_allocated", \.resourcesAllocated, "What it runs on."),
        Field("checkpoints", \.checkpoints, default: [], "The checkpoints written so far."))
}

/// What a job has made.
public struct PostTrainingJobArtifactsResponse: WireRecord, Hashable {
    public var jobUUID: String
    public var checkpoints: [Checkpoint]

    public init(jobUUID: String, checkpoints: [Checkpoint] = []) {
        (self.jobUUID, self.checkpoints) = (jobUUID, checkpoints)
    }

    public static let object = Object(
        "PostTrainingJobArtifactsResponse", Self.init,
        Field("job_uuid", \.jobUUID, check: .identifier, "The job's id, chosen by the caller."),
        Field("checkpoints", \.checkpoints, default: [], "The checkpoints written so far."))
}

/// Lines of a job's log.
public struct PostTrainingJobLogStream: WireRecord, Hashable {
    public var jobUUID: String
    public var logLines: [String]

    public init(jobUUID: String, logLines: [String]) {
        (self.jobUUID, self.logLines) = (jobUUID, logLines)
    }

    public static let object = Object(
        "PostTrainingJobLogStream", Self.init,
        Field("job_uuid", \.jobUUID, check: .identifier, "The job's id, chosen by the caller."),
        Field("log_lines", \.logLines, "The lines since the last event."))
}

/// Weights saved on the way.
public struct Checkpoint: WireRecord, Hashable {
    public var iters: Int
    public var path: WireURL

    public init(iters: Int, path: WireURL) {
        (self.iters, self.path) = (iters, path)
    }

    public static let object = Object(
        "Checkpoint", isComponent: false, Self.init,
        Field("iters", \.iters, "How many steps had been taken."),
        Field("path", \.path, "Where it is."))
}
