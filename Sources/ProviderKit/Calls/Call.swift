import LlamaStackAPI

/// The context of the call that a method answers, beside the request itself. Cancellation is the task's.
public struct Call: Sendable {
    /// The method's name over the contract.
    public let method: String
    /// Names this call in every log.
    public let requestID: String
    /// The caller as the host authenticated it; empty when the host runs without authentication.
    public let principal: String
    /// The id that a resource was registered under, behind the alias that the client used. Empty where there is none.
    public let resource: String
    /// The end of the time that the call has; nil when there is no limit. The host cancels the call by itself then.
    public let deadline: ContinuousClock.Instant?
    /// Settings that only the host sets, beyond the draft's request. Holds nothing that ``Provider/options`` does not
    /// name.
    public let options: JSONObject
    /// Set when the client may send this request again; see ``IdempotentRequest``. A provider without the option
    /// ``IdempotencyKey/option`` never sees one.
    public let idempotent: IdempotentRequest?
    /// The provider's log; each line carries this call's request id.
    public let log: Log
    /// The provider's metrics. They carry no request id.
    public let metrics: Metrics

    let link: HostLink?
    let deadlineNanoseconds: Int64

    /// For tests of a provider without a host: the log goes nowhere, there is no deadline, and calls of other providers
    /// fail.
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
