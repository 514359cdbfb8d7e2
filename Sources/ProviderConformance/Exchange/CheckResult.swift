import LlamaStackAPI

/// How one check of the conformance kit came out.
package struct CheckResult: Sendable, CustomStringConvertible {
    package enum Outcome: String, Sendable {
        case passed
        /// Nothing is broken, and there is something that the author should know.
        case warning
        case failed
        /// There was nothing to see: the provider does not stream, or refused the sample. Not a pass.
        case skipped
        /// An earlier check failed without which this one means nothing.
        case notRun = "not_run"
    }

    /// How a check of a run with `isolation: process` came to the provider.
    package enum Way: String, Sendable {
        /// It read the library's file.
        case file
        /// In the process that it ran in itself: it is about pointers, or about that process.
        case inline
        /// In a process of the provider's own.
        case socket

        var text: String {
            switch self {
            case .file: "of the file"
            case .inline: "inline"
            case .socket: "over the socket"
            }
        }
    }

    /// "inference inline::echo", or the file where the check is about the library.
    package var provider: String
    /// A sentence: "answers an unknown method with LSP_UNSUPPORTED".
    package var check: String
    /// Where a check has several results: what this one is about, a method most often.
    package var subject = ""
    package var outcome: Outcome
    /// The wanted and the found, or why the check could not run.
    package var detail = ""
    /// nil in a run where every check is inline.
    package var way: Way?

    package var passed: Bool { outcome == .passed || outcome == .warning }

    package var description: String {
        let mark =
            switch outcome {
            case .passed: "ok  "
            case .warning: "warn"
            case .failed: "FAIL"
            case .skipped, .notRun: "skip"
            }
        let name = subject.isEmpty ? check : "\(check): \(subject)"
        let lines = detail.split(separator: "\n").map { "\n       \($0)" }
        return "\(mark) \(provider): \(name)" + (way.map { " (\($0.text))" } ?? "") + lines.joined()
    }

    package var json: JSON {
        var object: JSONObject = [
            "provider": .string(provider), "check": .string(check), "subject": .string(subject),
            "outcome": .string(outcome.rawValue), "detail": .string(detail),
        ]
        if let way { object["way"] = .string(way.rawValue) }
        return .object(object)
    }
}

/// Everything that a run of the kit found.
package struct ConformanceReport: Sendable {
    package var results: [CheckResult]

    package var failed: [CheckResult] { results.filter { $0.outcome == .failed } }

    /// "16 passed, 1 warning, 2 failed, 4 skipped, 20 not run", then why something was skipped, each reason once. In a
    /// run with `isolation: process` the first is "16 passed (9 over the socket, 4 inline, 3 of the file)".
    package var summary: String {
        func count(_ outcome: CheckResult.Outcome) -> Int { results.count { $0.outcome == outcome } }
        var parts = ["\(count(.passed) + count(.warning)) passed" + passedWays]
        if count(.warning) > 0 { parts.append(count(.warning) == 1 ? "1 warning" : "\(count(.warning)) warnings") }
        if count(.failed) > 0 { parts.append("\(count(.failed)) failed") }
        if count(.skipped) > 0 { parts.append("\(count(.skipped)) skipped") }
        if count(.notRun) > 0 { parts.append("\(count(.notRun)) not run") }
        var reasons: [String] = []
        for result in results where [.skipped, .notRun].contains(result.outcome) && !reasons.contains(result.detail) {
            reasons.append(result.detail)
        }
        let line = parts.joined(separator: ", ")
        return reasons.isEmpty ? line : line + ": " + reasons.joined(separator: "; ")
    }

    private var passedWays: String {
        let parts = [CheckResult.Way.socket, .inline, .file].compactMap { way -> String? in
            let count = results.count { $0.passed && $0.way == way }
            return count == 0 ? nil : "\(count) \(way.text)"
        }
        return parts.isEmpty ? "" : " (\(parts.joined(separator: ", ")))"
    }
}
