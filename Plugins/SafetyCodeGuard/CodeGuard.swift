import CodeRules
import ProviderKit

/// Shields that object to insecure Python: in the text of messages, and in calls of `code_interpreter`.
struct CodeGuard: ShieldsProvider {
    static let providerType = "inline::code-guard"
    static let version = "1.0.0"
    static let summary = "Objects to insecure Python in messages and in calls of code_interpreter, by rules."

    let shields = Registered<CodeShield>()

    init(configuration: NoConfiguration, context: ProviderContext) {}
}

/// One shield of a distribution.
struct CodeShield: Shield {
    private let settings: CodeGuardSettings

    init(configuration: CodeGuardSettings) { settings = configuration }

    var description: String {
        let count = CodeRule.ids.filter { !settings.excludedRules.contains($0) }.count
        return "Objects to insecure Python by \(count) rules, without running it."
    }

    func judge(_ messages: [Message], _ request: CodeGuardSettings, _ call: Call) async throws -> RunShieldResponse {
        let excluded = Set(settings.excludedRules + request.excludedRules)
        return try await OffPool.run(bytes: .max) { Self.judge(messages, CodeScanner(excluding: excluded)) }
    }

    // MARK: judging

    /// Findings that the details of a violation name.
    private static let toldMax = 10

    private static func judge(_ messages: [Message], _ scanner: CodeScanner) -> RunShieldResponse {
        // A reply is judged alone: what it answers was judged when it was said.
        let first = messages.last?.role == .assistant ? messages.count - 1 : 0
        var rules: [String] = [], told: [String] = []
        for (index, message) in messages.enumerated() where index >= first {
            for (place, code) in pieces(of: message) {
                for finding in scanner.findings(inPython: code) {
                    if !rules.contains(finding.rule) { rules.append(finding.rule) }
                    told.append("message \(index + 1), \(place)line \(finding.line): \(finding.rule)")
                }
            }
        }
        guard !rules.isEmpty else { return RunShieldResponse() }
        let reasons = CodeRule.all.filter { rules.contains($0.id) }.map { "\($0.id): \($0.reason)" }
        let places = told.prefix(toldMax) + (told.count > toldMax ? ["and \(told.count - toldMax) more"] : [])
        return RunShieldResponse(
            violation: SafetyViolation(
                violationType: rules.joined(separator: ","),
                details: places.joined(separator: "; ") + ". " + reasons.joined(separator: " "),
                suggestedUserResponse: "I can't go on with this code, because parts of it are insecure."))
    }

    /// The code of a message: what its texts have, and all that code_interpreter would run.
    private static func pieces(of message: Message) -> [(place: String, code: String)] {
        let said = message.content.texts.map { ("", CodeInText.python(in: $0)) }
        let results = message.toolResponses.flatMap { response in
            response.content.texts.map { ("result of \(response.toolName), ", CodeInText.python(in: $0)) }
        }
        let run = message.toolCalls.filter { $0.toolName == "code_interpreter" }.flatMap { call in
            call.arguments.members.compactMap { member in
                member.value.stringValue.map { ("call of code_interpreter, ", $0) }
            }
        }
        return said + results + run
    }
}
