import LlamaStackAPI

/// The result of a reload.
package struct ReloadReport: Sendable {
    package enum Outcome: String, Sendable {
        case kept, started
        case createdAgain = "created again"
        case stopped, failed
        case notStarted = "not started"
        case leftOut = "left out"
        case registered
        case registeredAgain = "registered again"
        case removed
    }

    package struct Line: Sendable, Equatable {
        /// "inference/cpu", "model 'a'".
        package var name: String
        package var outcome: Outcome
        package var detail: String?

        package var description: String { "\(name): \(outcome.rawValue)" + (detail.map { " (\($0))" } ?? "") }
    }

    /// As the server was told.
    package var file: String
    /// False: the file has mistakes, and nothing has changed.
    package var isApplied = false
    /// The file's providers and what went, then those of the resources that changed.
    package var lines: [Line] = []
    package var diagnostics: [FileDiagnostic] = []
    /// 0 when everything in the file is served now.
    package var exitCode: Int32 = 0

    /// One line for the log.
    package var summary: String {
        guard isApplied else {
            let count = diagnostics.count { $0.severity == .error }
            return "\(file) was not reloaded, nothing has changed: \(count) \(count == 1 ? "mistake" : "mistakes")"
        }
        var counts: [(outcome: Outcome, count: Int)] = []
        for line in lines {
            if let place = counts.firstIndex(where: { $0.outcome == line.outcome }) {
                counts[place].count += 1
            } else {
                counts.append((line.outcome, 1))
            }
        }
        return "\(file) was reloaded: " + counts.map { "\($0.count) \($0.outcome.rawValue)" }.joined(separator: ", ")
    }

    /// {"file", "applied", "exit_code", "entries": [{"name", "outcome", "detail"?}], "diagnostics": […]}
    package var json: JSON {
        [
            "file": .string(file), "applied": .bool(isApplied), "exit_code": .integer(Int64(exitCode)),
            "entries": .array(lines.map(\.json)), "diagnostics": .array(diagnostics.map(\.json)),
        ]
    }
}

extension ReloadReport.Line {
    fileprivate var json: JSON {
        var object: JSONObject = [
            "name": .string(name), "outcome": .string(outcome.rawValue.replacing(" ", with: "_")),
        ]
        object["detail"] = detail.map { .string($0) }
        return .object(object)
    }
}
