import DatasetRows
import DurableFiles
import DurableFiles
import LlamaTraining
import ProviderKit
import Storage

/// Why a job ended early, in a sentence for its log and its row.
struct JobFault: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }

    static let cancelled = JobFault("cancelled")

    /// The sentence for any error that a run ends with.
    static func reason(_ error: any Error) -> String {
        switch error {
        case let error as JobFault: error.description
        case let error as ProviderError: "\(error.code): \(error.message)"
        case let error as FileError: reason(error.forClient)
        case let error as DatasetError: "the job's rows: \(error)"
        case let error as TrainingError: error.description
        default: "\(error)"
        }
    }
}
