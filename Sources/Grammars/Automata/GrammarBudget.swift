#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The cost that compiling one grammar may have. One `Grammar` has one budget, spent by all its automata and rules.
package struct GrammarBudget {
    package static let statesMax = 65_536
    package static let bytesMax = 16 << 20
    /// The processor's time: a schema is not to blame for what else a machine does.
    package static let timeMax = Duration.milliseconds(250)

    private var states = 0
    private var bytes = 0
    private var steps = 0
    private let deadline: Duration?
    /// The part that is being compiled, for the message.
    var place = ""
    var keyword = ""

    /// To be made on the thread that compiles.
    ///
    /// - Parameter timeMax: nil sets no limit of time.
    init(timeMax: Duration? = GrammarBudget.timeMax) {
        deadline = timeMax.map { Self.threadTime + $0 }
    }

    /// The processor's time that this thread has taken.
    package static var threadTime: Duration {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }

    mutating func spend(states: Int = 0, bytes: Int = 0) throws(GrammarError) {
        self.states += states
        self.bytes += bytes
        if self.states > Self.statesMax { throw over("more than \(Self.statesMax) states") }
        if self.bytes > Self.bytesMax { throw over("more than \(Self.bytesMax >> 20) MiB") }
        steps += 1
        if let deadline, self.states % 64 < states || bytes > 4096 || steps % 64 == 0, Self.threadTime > deadline {
            throw over("more than 250 ms")
        }
    }

    private func over(_ limit: String) -> GrammarError {
        GrammarError(place: place, keyword: keyword, reason: "takes \(limit) to compile; simplify the schema")
    }
}
