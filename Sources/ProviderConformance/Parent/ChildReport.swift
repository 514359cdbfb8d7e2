import ContractBridge
import LlamaStackAPI

/// The parent's record of a check's process that has ended.
struct ChildReport: Sendable {
    struct Result: Sendable {
        var subject: String
        var outcome: CheckResult.Outcome
        var detail: String
    }

    struct Broken: Sendable {
        var rule: Rule
        var what: String
    }

    /// How the process ended.
    enum End: Sendable {
        case exit(Int32)
        case signal(Int32)
        /// It had more than its time, and was killed.
        case timedOut(Double)
        case notStarted(String)
    }

    var end: End
    var results: [Result] = []
    var broken: [Broken] = []
    var milliseconds: [String: Double] = [:]
    var providers: [String] = []
    /// The last step that it reported.
    private(set) var step = ""
    private(set) var hasClosed = false
    private var crash: JSON?
    /// The last lines of its standard error.
    private var lastWords: [String] = []

    init(end: End, lines: [UInt8], output: [UInt8], errors: [UInt8]) {
        self.end = end
        for line in lines.split(separator: UInt8(ascii: "\n")) {
            // A line cut short by a crash is none.
            if let json = try? JSON(parsing: Array(line)) { take(json) }
        }
        if !output.isEmpty {
            let text = Quote.of(String(decoding: output, as: UTF8.self))
            broken.append(
                Broken(rule: .output, what: "\(text) was printed on standard output, which is the command's own"))
        }
        lastWords = String(decoding: errors, as: UTF8.self).split(separator: "\n").suffix(3).map {
            Quote.line(String($0))
        }
    }

    private mutating func take(_ line: JSON) {
        guard case .object(let object) = line, let first = object.members.first else { return }
        let text = first.value.stringValue ?? ""
        switch first.key {
        case "at": step = text
        case "closed": hasClosed = true
        case "crash": crash = first.value
        case "provider": providers.append(text)
        case "took":
            if case .number(let value)? = line["milliseconds"] {
                milliseconds[text] = max(milliseconds[text] ?? 0, value)
            }
        case "broken":
            if let rule = Rule(rawValue: text), let what = line["what"]?.stringValue {
                broken.append(Broken(rule: rule, what: what))
            }
        case "result":
            guard let outcome = CheckResult.Outcome(rawValue: text) else { return }
            results.append(
                Result(
                    subject: line["subject"]?.stringValue ?? "", outcome: outcome,
                    detail: line["detail"]?.stringValue ?? ""))
        default: break
        }
    }

    /// Why the process itself is a failure of the check; nil: it ended as it should.
    var fault: String? {
        let place = step.isEmpty ? "" : ", in \(step)"
        switch end {
        case .notStarted(let why): return "the check could not be started: \(why)"
        case .timedOut(let seconds):
            return "did not end within \(Int(seconds)) s\(place); its process was killed"
        case .signal(let number):
            let what = "ended by \(SignalName.of(number))"
            let when = hasClosed ? ", while the process exited" : place
            return ([what + when + crashPlace] + crashReasons + said).joined(separator: "\n")
        case .exit(let code):
            if hasClosed {
                return code == 0 ? nil : "the process exited with \(code) where the check would have exited with 0"
            }
            return (["the library ended the process with exit(\(code))\(place)"] + said).joined(separator: "\n")
        }
    }

    private var crashPlace: String {
        guard let crash else { return "" }
        let place = crash["place"]?.stringValue.map { " at \($0)" } ?? ""
        let thread = crash["thread"]?.stringValue.map { " in the thread '\($0)'" } ?? ""
        return place + thread
    }

    private var crashReasons: [String] {
        [crash?["why"]?.stringValue, crash?["doing"]?.stringValue.map { "while the host was \($0)" }].compactMap { $0 }
    }

    private var said: [String] { lastWords.map { "it said: \($0)" } }
}
