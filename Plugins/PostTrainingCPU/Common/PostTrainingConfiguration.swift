import DatasetRows
import Parallel
import ProviderKit

/// The `config:` of an `inline::cpu` entry of `post_training`.
struct PostTrainingConfiguration: WireRecord {
    /// How far jobs give way to what else the machine does.
    enum Priority: String, WireEnum {
        /// Nice 19: a job still moves on a busy machine.
        case nice
        /// SCHED_IDLE: a job runs when nothing else wants the core.
        case idle
    }

    var fileRoots: [String]
    var threads: Int
    var priority: Priority
    var runningMax: Int
    var waitingMax: Int
    var jobsMax: Int
    var checkpointsKept: Int
    var rowBytesMax: Int
    var rowsMax: Int
    var columnsMax: Int

    static let object = Object(
        "PostTrainingConfiguration", isComponent: false, Self.init,
        Field(
            "file_roots", \.fileRoots, default: [],
            "The folders below which content_url may name files (file://); none: files are refused. Links are not followed."
        ),
        Field(
            "threads", \.threads, default: 0, check: .within(0...ThreadPool.threadsMax),
            "Threads of one job; 0: as many as there are cores for this process."),
        Field(
            "priority", \.priority, default: .nice,
            "nice runs a job's threads at nice 19; idle as SCHED_IDLE, which yields to everything else."),
        Field("running_max", \.runningMax, default: 1, check: .within(1...64), "Jobs that train at the same time."),
        Field(
            "waiting_max", \.waitingMax, default: 16, check: .within(0...10_000),
            "Jobs that may wait for their turn; one more is refused with 429."),
        Field(
            "jobs_max", \.jobsMax, default: 10_000, check: .within(1...1_000_000),
            "Jobs that are kept in all, ended ones among them."),
        Field(
            "checkpoints_kept", \.checkpointsKept, default: 3, check: .within(1...1_000),
            "The newest checkpoints that a job keeps; the best is kept beside them."),
        Field(
            "row_bytes_max", \.rowBytesMax, default: 8 << 20, check: .within(1024...(256 << 20)),
            "One row of a dataset as it is written."),
        Field("rows_max", \.rowsMax, default: 1_000_000, check: .within(1...1_000_000_000), "Rows of one dataset."),
        Field("columns_max", \.columnsMax, default: 1_000, check: .within(1...100_000), "Columns of one dataset."))

    var rowLimits: RowLimits { RowLimits(rowBytesMax: rowBytesMax, columnsMax: columnsMax, rowsMax: rowsMax) }
}
