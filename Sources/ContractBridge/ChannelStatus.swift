import Foundation

/// How one provider instance is: for `llama-stack ps` and the readiness of the server.
package struct ChannelStatus: Sendable, Equatable {
    package enum State: String, Sendable {
        case running
        /// A function of the provider has not returned for a second, or its process does not answer.
        case stuck
        /// It crashed, or was told to, and starts again.
        case restarting
        /// It crashed too often and stays down.
        case failed
        case stopped
    }

    /// As an entry of a distribution says it: "inline", "process".
    package var isolation: String
    package var state: State
    /// The start of a state other than `running`.
    package var since: Date?
    /// The function that has not returned: "invoke chat_completion".
    package var blockedIn: String?
    /// The id of its own process, while it has one.
    package var pid: Int32?
    /// How its process last ended without being told to: "the provider inference/cpu ended by SIGSEGV".
    package var lastEnd: String?
    package var restarts = 0
    package var openCalls = 0

    package init(isolation: String, state: State, since: Date? = nil) {
        self.isolation = isolation
        self.state = state
        self.since = since
    }
}
