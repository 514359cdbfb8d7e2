/// One check: a sentence, and how to find out.
package struct Check: Sendable, Equatable {
    enum Stage: Sendable {
        /// Reads the file; none of its code is run.
        case file
        /// Loads the library and reads what it says of itself.
        case descriptor
        /// Makes instances.
        case instance
    }

    package let name: String
    let stage: Stage
    /// The rule whose breaches in any check are this one's.
    var rule: Rule?
    /// False for what is worth a look even when no instance becomes ready.
    var needsReadiness = true
    /// It is about pointers, or about the process that the provider's code runs in: it is run beside that code, also
    /// where the others reach it over a socket.
    var staysInline = false
    /// How many times `secondsMax` its own waits may come to.
    var waits = 6.0
    let body: @Sendable (CheckContext) throws(CheckFailure) -> Void

    init(
        _ name: String, _ stage: Stage = .instance, rule: Rule? = nil, needsReadiness: Bool = true,
        staysInline: Bool = false, waits: Double = 6,
        _ body: @escaping @Sendable (CheckContext) throws(CheckFailure) -> Void
    ) {
        (self.name, self.stage, self.rule, self.body) = (name, stage, rule, body)
        (self.needsReadiness, self.staysInline, self.waits) = (needsReadiness, staysInline, waits)
    }

    package static func == (a: Check, b: Check) -> Bool { a.name == b.name }

    /// The limit from outside. Waits inside end earlier and say what they waited for.
    func secondsMax(_ seconds: Double) -> Double { waits * seconds + 10 }

    /// The names of all checks, in order.
    package static var names: [String] { all.map(\.name) }

    /// The names of the checks that reach a provider with `isolation: process` over its socket.
    package static var namesOverSocket: [String] {
        all.filter { $0.stage != .file && !$0.staysInline }.map(\.name)
    }

    static let all: [Check] =
        fileChecks + [loading] + descriptorChecks + [readiness] + lifeChecks + refusalChecks + answerChecks
        + streamChecks + keepingChecks + crowdChecks + leakChecks + ruleChecks
}
