import ProviderKit

/// Where a job is, and where it may go from there.
extension PostTrainingJobStatus {
    /// The states that may follow: scheduled → running → completed or failed; one that has not begun may fail too.
    var next: Set<PostTrainingJobStatus> {
        switch self {
        case .scheduled: [.running, .failed]
        case .running: [.completed, .failed]
        case .completed, .failed: []
        }
    }

    var hasEnded: Bool { next.isEmpty }
}
