/// `Documentation/Faults.md`.
package enum FaultPage {
    package static func summary(_ outcomes: [FaultOutcome]) -> String {
        let ends = outcomes.filter { !$0.staysUp }.count, wrong = outcomes.filter { !$0.wrong.isEmpty }.count
        return "\(outcomes.count) servers: \(outcomes.count - ends) stayed up, \(ends) ended, \(wrong) did wrong"
    }

    package static func text(_ outcomes: [FaultOutcome]) -> String {
        var rows: [(fault: String, checks: [String], cells: [String: String])] = []
        for outcome in outcomes {
            if rows.last?.fault != outcome.fault { rows.append((outcome.fault, outcome.checks, [:])) }
            rows[rows.count - 1].cells[outcome.isolation] = outcome.text
        }
        let table = rows.map { row in
            "| \(row.fault) | \(row.checks.joined(separator: "; ")) | \(row.cells["inline"] ?? "") | \(row.cells["process"] ?? "") |"
        }
        return head + table.joined(separator: "\n") + "\n"
    }

    private static let head = """
        # What a faulty provider does to a server

        Each row is one fault of a provider of inference: the check of the conformance kit that names it, and what a
        server does that runs the provider beside a sound one, inside its own process and in a process of the
        provider's own. A test starts each of these servers and writes this page (`make golden`);
        `llama-stack-torture faults` prints it.

        Each server gets a call for a whole answer, one for a stream, a bad request, 16 calls at once, a client that
        leaves in the middle of a stream, and one more call. The sound provider is asked beside each of them, and
        must answer. The table has what differs from a sound provider, and the line of the log that says most. *Not
        seen* is what a server does not look at: it passes the bytes of answers on, and does not count what a
        provider leaks. The kit sees that, before the provider is used.

        Where the server ends, it does so at once and, but for two faults, with a line that names the library or the
        provider. A thread of the library's own that overflows its stack has no room for a handler of the signal, so
        the process ends by SIGSEGV without a line; in a process of its own that is a crash which the server logs
        under the provider's name. A provider that stops its process (SIGSTOP) stops the server's.

        The limits were `call_seconds_max: 2`, `create_seconds_max: 5` and `cancel_seconds: 0.3`, the entry was
        `optional`, and the server had no privilege to raise its own limits.

        | fault | the kit's check | `isolation: inline` | `isolation: process` |
        | --- | --- | --- | --- |

        """
}
