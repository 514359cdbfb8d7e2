/// The way to one provider instance. Whether its code runs in this process or in a child, the face is this one.
package protocol Channel: Sendable {
    /// Starts a call; the answer goes to `sink`, from any thread, perhaps before this returns. Returns promptly.
    func invoke(_ request: CallRequest, into sink: any AnswerSink)
    /// Advisory and idempotent: the sink is finished soon after. Unknown ids are ignored.
    func cancel(_ callID: UInt64)
    /// Cancels what runs, waits until the provider has let go of everything, at most `seconds`.
    /// False when the provider did not manage in time.
    @discardableResult
    func close(withinSeconds seconds: Double) async -> Bool
}

/// One call: spans of bytes, not one blob, so that what is only forwarded is never decoded.
package struct CallRequest: Sendable {
    /// Unique among the calls of one channel that have not finished. ``Stack/call(_:model:request:)`` sets it.
    package var callID: UInt64
    package var method: String
    /// A JSON object made from the query; empty means {}.
    package var parameters: [UInt8] = []
    /// The client's bytes.
    package var body: [UInt8] = []
    /// A JSON object that only the host sets; empty means {}.
    package var options: [UInt8] = []
    /// The resource's own id behind its alias. ``Stack/call(_:model:request:)`` sets it.
    package var resource: String = ""
    /// Which provider is to make a resource; nil: the API's default. For the host alone.
    package var providerID: String?
    package var principal: String = ""
    package var requestID: String = ""
    /// CLOCK_MONOTONIC nanoseconds; 0 means none. When it passes, the call fails with `provider_timeout`.
    package var deadlineNanoseconds: Int64 = 0

    package init(callID: UInt64 = 0, method: String) { (self.callID, self.method) = (callID, method) }
}

package enum AnswerPart: Sendable, Equatable {
    /// A piece of a whole answer; pieces are concatenated.
    case body([UInt8])
    /// One event of a stream: one JSON value.
    case event([UInt8])

    package var bytes: [UInt8] {
        switch self {
        case .body(let bytes), .event(let bytes): bytes
        }
    }
}

package enum Pressure: Sendable, Equatable { case more, pause, closed }

/// Where the answer to a call goes. Writes come one after the other; `finish` exactly once, nothing after it.
package protocol AnswerSink: Sendable {
    /// Never blocks. `pause`: it was taken, but the reader is behind. `closed`: it was not taken; stop.
    func write(_ part: AnswerPart) -> Pressure
    /// nil: the call succeeded.
    func finish(_ error: StackError?)
    /// Calls `wake` once, when a write would be taken without pause or the call is closed; at once when that is so.
    func whenWritable(_ wake: @escaping @Sendable () -> Void)
}
