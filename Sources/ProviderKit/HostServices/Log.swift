import CProviderABI
import ContractBridge
import LlamaStackAPI

/// The host's log, marked with this provider's id. Never log the content of requests.
public struct Log: Sendable {
    let link: HostLink?
    var fields: [String: String]

    /// For following one call in detail. `fields` are added to those of the log; on the same key they win.
    public func trace(_ message: String, _ fields: [String: String] = [:]) {
        write(Int32(LSP_TRACE), message, fields)
    }

    /// For finding a fault: durations, counts, decisions.
    public func debug(_ message: String, _ fields: [String: String] = [:]) {
        write(Int32(LSP_DEBUG), message, fields)
    }

    /// For the operator of a healthy server: what started, what changed.
    public func info(_ message: String, _ fields: [String: String] = [:]) {
        write(Int32(LSP_INFO), message, fields)
    }

    /// For something that works less well than it should, and that an operator can set right.
    public func warning(_ message: String, _ fields: [String: String] = [:]) {
        write(Int32(LSP_WARNING), message, fields)
    }

    /// For a fault of this provider or its machine. An error that leaves a method as `internal` is logged by the host
    /// already.
    public func error(_ message: String, _ fields: [String: String] = [:]) {
        write(Int32(LSP_ERROR), message, fields)
    }

    private func write(_ level: Int32, _ message: String, _ more: [String: String]) {
        guard let link else { return }
        let fields = JSON(self.fields.merging(more) { $1 }).bytes
        link.use { host in
            message.withBytes { message in
                fields.withBytes { fields in host.pointee.log?(host.pointee.context, level, message, fields) }
            }
        }
    }
}

/// The host's metrics. Names are snake_case with the unit last: `prefill_seconds`, `tokens_generated_total`.
public struct Metrics: Sendable {
    let link: HostLink?

    /// Adds to a counter, which only grows. Any thread.
    ///
    /// - Parameter labels: dimensions of the metric, few values each: never ids or text of requests.
    public func count(_ name: String, by value: Double = 1, _ labels: [String: String] = [:]) {
        write(Int32(LSP_COUNTER), name, value, labels)
    }

    /// Sets a gauge to a value that may rise and fall. Any thread.
    ///
    /// - Parameter labels: as for ``count(_:by:_:)``.
    public func gauge(_ name: String, _ value: Double, _ labels: [String: String] = [:]) {
        write(Int32(LSP_GAUGE), name, value, labels)
    }

    /// Adds an observation to a histogram: a duration in seconds, a size in bytes. Any thread.
    ///
    /// - Parameter labels: as for ``count(_:by:_:)``.
    public func record(_ name: String, _ value: Double, _ labels: [String: String] = [:]) {
        write(Int32(LSP_HISTOGRAM), name, value, labels)
    }

    private func write(_ kind: Int32, _ name: String, _ value: Double, _ labels: [String: String]) {
        guard let link else { return }
        let labels = labels.isEmpty ? [] : JSON(labels).bytes
        link.use { host in
            name.withBytes { name in
                labels.withBytes { host.pointee.metric?(host.pointee.context, kind, name, value, $0) }
            }
        }
    }
}

extension JSON {
    fileprivate init(_ fields: [String: String]) {
        var object = JSONObject()
        for (key, value) in fields.sorted(by: { $0.key < $1.key }) { object[key] = .string(value) }
        self = .object(object)
    }
}
