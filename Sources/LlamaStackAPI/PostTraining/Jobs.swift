import Foundation

/// The state of a training job.
public enum PostTrainingJobStatus: String, WireEnum {
    /// It trains.
    case running
    /// It has ended and its artifacts are whole.
    case completed
    /// It has ended early, by an error or because it was cancelled: its last log line says so.
    case failed
    /// It was accepted and has not begun.
    case scheduled
}

/// How a job is doing.
public struct PostTrainingJobStatusResponse: WireRecord, Hashable {
    /// The job's id, chosen by the caller of the request that started it.
    public var jobUUID: String
    /// The job's state at the time of the answer.
    public var status: PostTrainingJobStatus
    /// When it was accepted. nil: the provider does not say.
    public var scheduledAt: Date?
    /// When it began to train; nil before.
    public var startedAt: Date?
    /// When it ended, by success, failure or cancellation; nil before.
    public var completedAt: Date?
    /// The devices, memory and threads that it runs on, in the provider's own keys; nil when it does not say.
    public var resourcesAllocated: JSONObject?
    /// The checkpoints written so far, oldest first; empty before the first.
    public var checkpoints: [Checkpoint]

    /// A job without times, resources and checkpoints unless they are given. Checks nothing.
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

    /// The record's fields, for decoding, encoding and the schema.
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

/// One of a caller's jobs, as it is listed.
public struct PostTrainingJob: WireRecord, Hashable {
    /// The job's id, chosen by the caller of the request that started it.
    public var jobUUID: String
    /// The job's state at the time of the answer.
    public var status: PostTrainingJobStatus
    /// When it was accepted. nil: the provider does not say.
    public var scheduledAt: Date?
    /// When it began to train; nil before.
    public var startedAt: Date?
    /// When it ended, by success, failure or cancellation; nil before.
    public var completedAt: Date?
    /// The id that inference serves its checkpoints under; nil when the provider does not say.
    public var servedAs: String?

    /// A job without times and served id unless they are given. Checks nothing.
    public init(
        jobUUID: String, status: PostTrainingJobStatus, scheduledAt: Date? = nil, startedAt: Date? = nil,
        completedAt: Date? = nil, servedAs: String? = nil
    ) {
        self.jobUUID = jobUUID
        self.status = status
        self.scheduledAt = scheduledAt
        self.startedAt = startedAt
        self.completedAt = completedAt
        self.servedAs = servedAs
    }

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "PostTrainingJob", Self.init,
        Field("job_uuid", \.jobUUID, check: .identifier, "The job's id, chosen by the caller."),
        Field("status", \.status, "Where it is."),
        Field("scheduled_at", \.scheduledAt, "When it was taken on."),
        Field("started_at", \.startedAt, "When it began."),
        Field("completed_at", \.completedAt, "When it ended."),
        Field("served_as", \.servedAs, "The id that inference serves its checkpoints under."))
}

/// The artifacts of a job.
public struct PostTrainingJobArtifactsResponse: WireRecord, Hashable {
    /// The job's id, chosen by the caller of the request that started it.
    public var jobUUID: String
    /// The checkpoints written so far, oldest first; empty before the first.
    public var checkpoints: [Checkpoint]

    /// A job without checkpoints unless they are given. Checks nothing.
    public init(jobUUID: String, checkpoints: [Checkpoint] = []) {
        (self.jobUUID, self.checkpoints) = (jobUUID, checkpoints)
    }

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "PostTrainingJobArtifactsResponse", Self.init,
        Field("job_uuid", \.jobUUID, check: .identifier, "The job's id, chosen by the caller."),
        Field("checkpoints", \.checkpoints, default: [], "The checkpoints written so far."))
}

/// One event of a job's log: the lines since the last event.
public struct PostTrainingJobLogStream: WireRecord, Hashable {
    /// The job's id, the same in all events of a stream.
    public var jobUUID: String
    /// Lines without their newlines; those of the first event begin with the log's first line.
    public var logLines: [String]

    /// Creates the record. Checks nothing.
    public init(jobUUID: String, logLines: [String]) {
        (self.jobUUID, self.logLines) = (jobUUID, logLines)
    }

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "PostTrainingJobLogStream", Self.init,
        Field("job_uuid", \.jobUUID, check: .identifier, "The job's id, chosen by the caller."),
        Field("log_lines", \.logLines, "The lines since the last event."))
}

/// Weights saved on the way.
public struct Checkpoint: WireRecord, Hashable {
    /// The number of optimiser steps that had been taken.
    public var iters: Int
    /// Where the weights are; a `file://` URL is on the server's machine.
    public var path: WireURL

    /// Creates the record. Checks nothing.
    public init(iters: Int, path: WireURL) {
        (self.iters, self.path) = (iters, path)
    }

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "Checkpoint", isComponent: false, Self.init,
        Field("iters", \.iters, "How many steps had been taken."),
        Field("path", \.path, "Where it is."))
}
