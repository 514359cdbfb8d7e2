import LlamaStackAPI

/// What a method knows of the call it answers, beside the request itself. Cancellation is the task's.
public struct Call: Sendable {
    /// The method's name over the contract.
    public let method: String
    /// Names this call in every log.
    public let requestID: String
    /// Who asks; empty when the host runs without authentication.
    public let principal: String
    /// The id that a resource was registered under, behind the alias that the client used. Empty where there is none.
    public let resource: String
    /// After it nobody waits for the answer any more; the host cancels the call by itself.
    public let deadline: ContinuousClock.Instant?
    /// What only the host sets, beyond the draft's request; holds nothing that ``Provider/options`` does not name.
    public let options: JSONObject
    /// Set when the client may send this request again; see ``IdempotentRequest``. A provider without the option
    /// ``IdempotencyKey/option`` never sees one.
    public let idempotent: IdempotentRequest?
    public let log: Log
    public let metrics: Metrics

    let link: HostLink?
    let deadlineNanoseconds: Int64

    /// For tests of a provider without a host.
    public init(
        method: String = "", requestID: String = "", principal: String = "", resource: String = "",
        options: JSONObject = JSONObject(), idempotent: IdempotentRequest? = nil
    ) {
        self.init(
            method: method, requestID: requestID, principal: principal, resource: resource, options: options,
            idempotent: idempotent, deadlineNanoseconds: 0, link: nil)
    }

    init(
        method: String, requestID: String, principal: String, resource: String, options: JSONObject,
        idempotent: IdempotentRequest? = nil, deadlineNanoseconds: Int64, link: HostLink?
    ) {
        self.method = method
        self.requestID = requestID
        self.principal = principal
        self.resource = resource
        self.options = options
        self.idempotent = idempotent
        self.link = link
        self.deadlineNanoseconds = deadlineNanoseconds
        deadline = MonotonicClock.instant(atNanoseconds: deadlineNanoseconds)
        log = Log(link: link, fields: requestID.isEmpty ? [:] : ["request_id": requestID])
        metrics = Metrics(link: link)
    }

    /// An option of the call, checked: nil when it was not given.
    public func option<Value: WireValue>(_ name: String, as type: Value.Type = Value.self) throws -> Value? {
        guard let json = options[name], json != .null else { return nil }
        return try Value(json: json, at: .root[name])
    }
}
