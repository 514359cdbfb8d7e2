import ContractBridge
import LlamaStackAPI

/// The `target` of a call over the socket that is not for another provider, and what it carries.
enum PeerTarget {
    /// Host to child. Body: a library's path. Answer: its ``LibraryDescription``, or the refusal.
    static let describe = "child/describe"
    /// Host to child. Body: ``ChildSetup``. Answer: {"status", "error"}, once the instance can serve or can't.
    static let create = "child/create"
    /// Host to child: a call of the instance.
    static let invoke = "child/invoke"
    /// Host to child. Body: seconds. Answer: nothing, once nothing of the instance runs.
    static let destroy = "child/destroy"
    /// Child to host. Body: the resource.
    static let announce = "host/announce"
    /// Child to host. Body: {"kind", "id", "api"?}.
    static let withdraw = "host/withdraw"
}

/// The setup that a child creates its instance from.
struct ChildSetup: Sendable {
    var setup: InstanceSetup
    var seconds: Double
    /// The initial credit of each answer to the host.
    var creditBytes: Int

    var json: JSON {
        [
            "library": .string(setup.library), "provider": setup.provider.json,
            "provider_id": .string(setup.providerID),
            "config": .string(String(decoding: setup.config, as: UTF8.self)), "state_path": .string(setup.statePath),
            "base_path": .string(setup.basePath), "seconds": .number(seconds),
            "credit_bytes": .integer(Int64(creditBytes)), "purpose": .integer(Int64(setup.purpose.rawValue)),
        ]
    }

    init(_ setup: InstanceSetup, seconds: Double, creditBytes: Int = WriterLead.markBytes) {
        self.setup = setup
        self.seconds = seconds
        self.creditBytes = creditBytes
    }

    init?(json: JSON) {
        guard let library = json["library"]?.stringValue, let providerID = json["provider_id"]?.stringValue,
            let config = json["config"]?.stringValue, let statePath = json["state_path"]?.stringValue,
            let basePath = json["base_path"]?.stringValue,
            let provider = json["provider"].flatMap({ ProviderDescriptor(json: $0) }),
            case .integer(let creditBytes)? = json["credit_bytes"], case .integer(let purpose)? = json["purpose"]
        else { return nil }
        self.creditBytes = Int(creditBytes)
        switch json["seconds"] {
        case .number(let seconds)?: self.seconds = seconds
        case .integer(let seconds)?: self.seconds = Double(seconds)
        default: return nil
        }
        setup = InstanceSetup(
            library: library, provider: provider, providerID: providerID, config: Array(config.utf8))
        setup.statePath = statePath
        setup.basePath = basePath
        setup.purpose = InstancePurpose(rawValue: UInt32(clamping: purpose)) ?? .serve
    }
}

extension LogLine {
    var json: JSON {
        var fields = JSONObject()
        for (key, value) in self.fields.sorted(by: { $0.key < $1.key }) { fields[key] = .string(value) }
        return ["level": .integer(Int64(level.rawValue)), "message": .string(message), "fields": .object(fields)]
    }

    /// Short enough for a frame: of a line that is not, the message is cut and the fields are dropped.
    var payload: [UInt8] {
        let bytes = json.bytes
        if bytes.count <= Frame.noteBytesMax { return bytes }
        return LogLine(level: level, source: source, message: String(message.prefix(10_000))).json.bytes
    }

    /// - Parameter source: whatever the child says, this is who speaks.
    init?(json: JSON, source: String) {
        guard case .integer(let level)? = json["level"], let message = json["message"]?.stringValue,
            case .object(let fields)? = json["fields"]
        else { return nil }
        self.init(
            level: LogLevel(rawValue: Int32(clamping: level)) ?? .info, source: source, message: message,
            fields: fields.strings)
    }
}

extension Measurement {
    var json: JSON {
        var labels = JSONObject()
        for (key, value) in self.labels.sorted(by: { $0.key < $1.key }) { labels[key] = .string(value) }
        return [
            "kind": .integer(Int64(kind.rawValue)), "name": .string(name), "value": .string(String(value)),
            "labels": .object(labels),
        ]
    }

    init?(json: JSON, source: String) {
        guard case .integer(let number)? = json["kind"], let kind = Kind(rawValue: Int32(clamping: number)),
            let name = json["name"]?.stringValue, let value = json["value"]?.stringValue.flatMap(Double.init),
            case .object(let labels)? = json["labels"]
        else { return nil }
        self.init(kind: kind, name: name, value: value, labels: labels.strings, source: source)
    }
}

extension JSONObject {
    fileprivate var strings: [String: String] {
        var strings: [String: String] = [:]
        for member in members { strings[member.key] = member.value.stringValue ?? member.value.text }
        return strings
    }
}
