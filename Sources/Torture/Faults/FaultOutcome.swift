import LlamaStackAPI

/// The outcome of one fault.
package struct FaultOutcome: Sendable {
    package var fault: String
    /// The checks of the conformance kit that name it.
    package var checks: [String]
    package var isolation: String
    /// Why the server came up without the faulty provider.
    package var leftOut: String?
    /// The answer to each call, where it is not that of a sound provider.
    package var calls: [FaultStep: String] = [:]
    /// How the server ended though it was to serve.
    package var end: String?
    /// The line with which it said why, as it stands in the log.
    package var endLine: String?
    /// How it ended on SIGTERM, where that was not in order.
    package var stop: String?
    /// The log about the provider, breaches of the contract first.
    package var log: String?
    /// The properties of a server that stays up which did not hold.
    package var wrong: [String] = []

    package var staysUp: Bool { end == nil }

    /// One cell of the table.
    package var text: String {
        var parts: [String] = []
        if let leftOut { parts.append("left out of the start: \(leftOut)") }
        if let end {
            parts.append("**the server ends**: \(end)" + (endLine == nil ? "" : ", and says whose code it was"))
        }
        parts += callTexts
        if let stop { parts.append("on SIGTERM: \(stop)") }
        if let log { parts.append("log: \(log)") }
        return parts.isEmpty ? "not seen" : parts.joined(separator: "; ")
    }

    private var callTexts: [String] {
        let answers = FaultStep.allCases.compactMap { step in calls[step].map { (step, $0) } }
        guard leftOut == nil, !answers.isEmpty else { return [] }
        var texts: [(answer: String, steps: [FaultStep])] = []
        for (step, answer) in answers {
            if let index = texts.firstIndex(where: { $0.answer == answer }) {
                texts[index].steps.append(step)
            } else {
                texts.append((answer, [step]))
            }
        }
        return texts.map { text in
            let all = text.steps.count >= FaultStep.answering.count
            return (all ? "every call" : text.steps.map(\.rawValue).joined(separator: ", ")) + " " + text.answer
        }
    }

    package var json: JSON {
        var answers = JSONObject()
        for step in FaultStep.allCases { if let answer = calls[step] { answers[step.rawValue] = .string(answer) } }
        return [
            "fault": .string(fault), "isolation": .string(isolation), "checks": .array(checks.map { .string($0) }),
            "left_out": leftOut.map { .string($0) } ?? .null,
            "calls": .object(answers),
            "end": end.map { .string($0) } ?? .null, "end_line": endLine.map { .string($0) } ?? .null,
            "stop": stop.map { .string($0) } ?? .null, "log": log.map { .string($0) } ?? .null,
            "wrong": .array(wrong.map { .string($0) }),
        ]
    }
}

/// The calls that every fault gets, in this order.
package enum FaultStep: String, CaseIterable, Sendable {
    case whole
    case stream
    /// A field that there is not.
    case refused = "a bad request"
    case crowd = "16 at once"
    /// The client hangs up in the middle of a stream.
    case cancelled = "a client that leaves"
    case again = "the call after it"

    static let answering: [FaultStep] = [.whole, .stream, .refused, .crowd, .again]

    /// The answer of a sound provider.
    var sound: String {
        switch self {
        case .refused: "422 `invalid_request`"
        case .cancelled: "200"
        default: "200"
        }
    }
}
