import ContractBridge
import Foundation
import LlamaStackAPI
import Synchronization

/// The health of a child, which is asked every few seconds which functions of the provider have not returned.
struct ProviderHealth: Sendable {
    /// A child that leaves a ping unanswered for so long does not run.
    static let silentSeconds = 10.0

    /// The first ping without an answer.
    private var unanswered: Date?
    /// The function that had not returned when the child last answered.
    private var blocked: (what: String, since: Date)?

    mutating func asked() { unanswered = unanswered ?? Date() }

    mutating func answered(_ json: JSON) {
        unanswered = nil
        blocked = nil
        guard let function = json["function"]?.stringValue, let seconds = Self.number(json["seconds"]),
            seconds >= ChannelStatus.stuckSeconds
        else { return }
        let method = json["method"]?.stringValue ?? ""
        blocked = (method.isEmpty ? function : "\(function) \(method)", Date(timeIntervalSinceNow: -seconds))
    }

    private static func number(_ json: JSON?) -> Double? {
        switch json {
        case .number(let value)?: value
        case .integer(let value)?: Double(value)
        default: nil
        }
    }

    /// nil when nothing is stuck.
    var stuck: (what: String?, since: Date)? {
        if let unanswered, -unanswered.timeIntervalSinceNow >= Self.silentSeconds { return (nil, unanswered) }
        return blocked.map { ($0.what, $0.since) }
    }
}

/// Pings every child every few seconds. One timer for all.
final class ProcessPings: Sendable {
    static let shared = ProcessPings()
    private static let seconds = 5.0

    private struct Pinged: Sendable { weak var channel: ProcessChannel? }

    private let pinged = Mutex<[Pinged]>([])

    func add(_ channel: ProcessChannel) {
        let isFirst = pinged.withLock { pinged in
            pinged.append(Pinged(channel: channel))
            return pinged.count == 1
        }
        if isFirst { next() }
    }

    /// Stops when no child is left.
    private func next() {
        DispatchQueue.global(qos: .utility).asyncAfter(deadline: .now() + Self.seconds) { [self] in
            let alive = pinged.withLock { pinged -> [ProcessChannel] in
                pinged.removeAll { $0.channel == nil }
                return pinged.compactMap(\.channel)
            }
            for channel in alive { channel.ping() }
            if !alive.isEmpty { next() }
        }
    }
}
