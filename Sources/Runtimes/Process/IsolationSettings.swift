import ChildProcess
import ContractBridge

/// How an instance is run in a process of its own. The defaults are those of a distribution.
package struct IsolationSettings: Sendable, Equatable {
    package var restart = RestartPolicy()
    /// A cancel that is not obeyed within this time ends the process.
    package var cancelSeconds = 10.0
    /// Names of the environment that the child gets beside PATH, HOME, LANG and TZ.
    package var environment: [String] = []
    package var limits = ResourceLimits()
    /// How far an answer's writer may be ahead of its reader before it is told to pause.
    package var creditBytes = WriterLead.markBytes

    package init() {}
}

/// When a provider that crashed is started again.
package struct RestartPolicy: Sendable, Equatable {
    /// The number of crashes within `withinSeconds` after which the provider stays down; 0: no limit.
    package var crashesMax = 5
    package var withinSeconds = 60.0
    /// The first wait; each further one is twice as long.
    package var firstSeconds = 0.1
    package var longestSeconds = 30.0

    package init() {}
}

/// The crashes of one instance, and what follows from them.
struct CrashHistory: Sendable {
    enum Step: Sendable, Equatable {
        case restart(afterSeconds: Double)
        case giveUp
    }

    private let policy: RestartPolicy
    /// In seconds of a clock that only goes forward.
    private var crashes: [Double] = []
    private var inARow = 0

    init(_ policy: RestartPolicy) { self.policy = policy }

    /// - Parameters:
    ///   - now: seconds.
    ///   - upSeconds: how long it had served.
    ///   - jitter: in -1...1.
    mutating func crashed(at now: Double, upSeconds: Double, jitter: Double) -> Step {
        if upSeconds >= 60 { inARow = 0 }
        crashes = crashes.filter { now - $0 < policy.withinSeconds } + [now]
        if policy.crashesMax > 0, crashes.count >= policy.crashesMax { return .giveUp }
        let doubled = policy.firstSeconds * Double(1 << min(inARow, 20))
        inARow += 1
        return .restart(afterSeconds: min(doubled * (1 + 0.2 * jitter), policy.longestSeconds))
    }
}
