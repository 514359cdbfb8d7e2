import ProviderKit

extension StepRecorder {
    /// Begins a step of shields; nil where all their objections are ignored: then the turn has none.
    func beginSafety(_ shields: [ShieldRun]) async throws -> Open? {
        shields.contains(where: \.isRecorded) ? try await begin(.safetyFiltering) : nil
    }

    /// Ends it with the first objection that ends the turn, or else the first of all.
    ///
    /// - Returns: the refusal that the turn ends with; nil: it goes on.
    mutating func end(_ step: Open?, _ verdicts: [ShieldRun.Verdict]) async throws -> String? {
        let refused = verdicts.first { $0.refusal != nil }
        guard let step else { return nil }
        let violation = (refused ?? verdicts.first { $0.violation != nil })?.violation
        try await end(
            step, .safetyFiltering(SafetyFilteringStep(uuid: step.uuid, violation: violation)), violation: violation)
        return refused?.refusal
    }
}
