import Foundation
import ProviderKit

/// A job as it stands in the table.
struct Job: Sendable {
    /// The number of its row; rises with the order in which jobs were accepted.
    let id: Int64
    let uuid: String
    let principal: String
    let request: JobRequest
    let base: BaseModel
    /// The id that its checkpoints are served under.
    let servedID: String
    /// The name of its folder.
    let folder: String
    let rows: DatasetCopy
    /// nil: the training rows.
    let validation: DatasetCopy?
    let scheduledAt: Date
    var status: PostTrainingJobStatus
    var startedAt: Date?
    var completedAt: Date?
    /// How often the process died while it ran.
    var deaths: Int
    /// Its use of the machine, in the words of `resources_allocated`.
    var resources: JSONObject
}

/// The start of a job, as it was when the job was accepted.
struct BaseModel: WireRecord, Hashable {
    /// The id of the model that is trained on.
    var model: String
    /// The absolute path of its files.
    var path: String
    /// The absolute path of the adapter that preference optimisation goes on with; nil: from the model alone.
    var adapter: String?

    static let object = Object(
        "BaseModel", isComponent: false, Self.init, Field("model", \.model), Field("path", \.path),
        Field("adapter", \.adapter))
}

/// A checkpoint as it stands in the table: its folder is on disk and was read back before.
struct CheckpointRow: Sendable, Equatable {
    let step: Int
    /// The name of its folder in the job's `checkpoints`.
    let folder: String
    /// nil where the job does not validate.
    let validationLoss: Double?
}
