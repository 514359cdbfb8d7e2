import ProviderKit

/// Runs several shields over the same messages, all at once.
struct ShieldRun: Sendable {
    /// The reply where a shield objects and suggests none.
    static let defaultReply = "I can't help with that."

    /// Their answers together.
    struct Verdict: Sendable {
        /// The first objection in the agent's order; one that ends the turn comes before one that only warns.
        var violation: SafetyViolation?
        /// The reply that the turn ends with; nil: it goes on.
        var refusal: String?
        /// The messages, with what shields replaced in them.
        var messages: [Message]
        /// A shield replaced something.
        var isChanged = false
    }

    let policies: [ShieldPolicy]
    let call: Call

    init(_ shields: [ShieldConfig], _ call: Call) throws {
        policies = try shields.map { try ShieldPolicy($0) }
        self.call = call
    }

    /// Whether the turn has a step for them: where all objections are ignored it has none.
    var isRecorded: Bool { policies.contains { $0.onViolation != .ignore } }

    func judge(_ messages: [Message]) async throws -> Verdict {
        let answers = try await inOrder(policies.count) { try await ask(policies[$0], messages) }
        var verdict = Verdict(messages: messages)
        for (policy, answer) in zip(policies, answers) {
            guard let violation = answer.violation, policy.onViolation != .ignore else { continue }
            if policy.onViolation == .raise {
                verdict.violation = violation
                verdict.refusal = violation.suggestedUserResponse ?? Self.defaultReply
                return verdict
            }
            verdict.violation = verdict.violation ?? violation
        }
        for (policy, answer) in zip(policies, answers) where answer.messages != nil {
            // What an earlier shield has replaced, a later one must not bring back.
            let changed = try await verdict.isChanged ? ask(policy, verdict.messages) : answer
            guard let messages = changed.messages else { continue }
            (verdict.messages, verdict.isChanged) = (messages, true)
        }
        return verdict
    }

    private func ask(_ policy: ShieldPolicy, _ messages: [Message]) async throws -> RunShieldResponse {
        let answer = try await call.safety().runShield(RunShieldRequest(shield: policy.shield, messages: messages))
        if let given = answer.messages, given.count != messages.count {
            throw ProviderError(
                .upstreamError,
                "the shield '\(policy.shield.shieldType.rawValue)' answered \(given.count) messages for "
                    + "\(messages.count)")
        }
        return answer
    }

    /// How many bytes of a text all of them must see at once; nil: the whole of it. 0 without shields.
    func holdBytes() async throws -> Int? {
        guard !policies.isEmpty else { return 0 }
        let listed = try await call.safety().list()
        var most = 0
        for policy in policies {
            let shield = listed.first { $0.shieldType == policy.shield.shieldType }
            guard let bytes = shield?.holdBytes else { return nil }
            most = max(most, bytes)
        }
        return most
    }
}
