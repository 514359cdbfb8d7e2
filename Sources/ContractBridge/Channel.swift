/// The way to one provider instance. Whether its code runs in this process or in a child, the face is this one.
package protocol Channel: Sendable {
    /// Starts a call; the answer goes to `sink`, from any thread, perhaps before this returns. Returns promptly.
    func invoke(_ request: CallRequest, into sink: any AnswerSink)
    /// Advisory and idempotent: the sink is finished soon after. Unknown ids are ignored.
    func cancel(_ callID: UInt64)
    /// Cancels what runs, waits until the provider has released everything, at most `seconds`.
    /// False when the provider did not manage in time.
    @discardableResult
    func close(withinSeconds seconds: Double) async -> Bool

    /// How the instance is now. Cheap.
    var status: ChannelStatus { get }
    /// The memory of its process (PSS where that can be read, else RSS); nil when it shares the host's. Reads /proc:
    /// blocks for milliseconds.
    var memoryBytes: Int? { get }
    /// Ends the instance and starts it again, whatever state it is in. Calls that are open end with 503.
    func restart() async throws(CallError)
}

/// A piece of an answer.
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

/// The result of a write. Backpressure: a writer that is told to pause waits until it may write again.
package enum Pressure: Sendable, Equatable {
    case more
    /// Taken, but the reader is behind.
    case pause
    /// Not taken: the reader has left, or the answer has ended.
    case closed
    /// Not taken, because a rule was broken. Completes "the provider broke the contract: it …".
    case refused(String)
}

/// Where the answer to a call goes. Writes come one after the other; `finish` exactly once, nothing after it.
package protocol AnswerSink: Sendable {
    /// Never blocks.
    func write(_ part: AnswerPart) -> Pressure
    /// nil: the call succeeded.
    func finish(_ error: CallError?)
    /// Calls `wake` once, when a write would be taken without pause or the call is closed; at once when that is so.
    func whenWritable(_ wake: @escaping @Sendable () -> Void)
}
