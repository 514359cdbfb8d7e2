import CProviderABI
import ContractBridge
import LlamaStackAPI

/// The host's log, marked with this provider's id. Never log the content of requests.
public struct Log: Sendable {
    let link: HostLink?
    var fields: [String: String]

    public func trace(_ message: String, _ fields: [String: String] = [:]) {
        write(Int32(LSP_TRACE), message, fields)
    }

    public func debug(_ message: String, _ fields: [String: String] = [:]) {
        write(Int32(LSP_DEBUG), message, fields)
    }

    public func info(_ message: String, _ fields: [String: String] = [:]) {
        write(Int32(LSP_INFO), message, fields)
    }

    public func warning(_ message: String, _ fields: [String: String] = [:]) {
        write(Int32(LSP_WARNING), message, fields)
    }

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

    public func count(_ name: String, by value: Double = 1, _ labels: [String: String] = [:]) {
        write(Int32(LSP_COUNTER), name, value, labels)
    }

    public func gauge(_ name: String, _ value: Double, _ labels: [String: String] = [:]) {
        write(Int32(LSP_GAUGE), name, value, labels)
    }

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
