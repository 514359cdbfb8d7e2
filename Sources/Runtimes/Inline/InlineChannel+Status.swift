import ContractBridge
import Foundation
import LlamaStackAPI

extension InlineChannel {
    package var status: ChannelStatus {
        var status = ChannelStatus(isolation: "inline", state: .running)
        if let oldest = threads.oldest, oldest.seconds >= ChannelStatus.stuckSeconds {
            (status.state, status.since) = (.stuck, Date(timeIntervalSinceNow: -oldest.seconds))
            status.blockedIn = oldest.method.isEmpty ? oldest.function : "\(oldest.function) \(oldest.method)"
        }
        status.openCalls = calls.withLock { $0.count }
        return status
    }

    package var memoryBytes: Int? { nil }

    package func restart() async throws(CallError) {
        throw CallError(
            .notImplemented,
            "it runs inside the server's process and is started again with that only (`isolation: process` gives it its own)"
        )
    }
}

extension ChannelStatus {
    /// A function that has not returned for so long is stuck.
    static let stuckSeconds = 1.0
}
