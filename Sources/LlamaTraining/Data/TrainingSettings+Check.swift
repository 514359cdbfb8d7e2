import LlamaEngine

extension TrainingSettings {
    /// Refuses what no run can have.
    package func check(isPreference: Bool) throws(TrainingError) {
        func refuse(_ field: String, _ found: Any, _ wanted: String) -> TrainingError {
            .badSetting(field: field, found: "\(found)", wanted: wanted)
        }
        if algorithm != .full {
            guard (1...Adapter.rankMax).contains(rank) else {
                throw refuse("rank", rank, "1 to rankMax = \(Adapter.rankMax)")
            }
            guard alpha.isFinite, alpha > 0 else { throw refuse("alpha", alpha, "a number above 0") }
            guard !modules.isEmpty, Set(modules).count == modules.count else {
                throw refuse(
                    "modules", modules.map(\.rawValue).joined(separator: ", "), "at least one, each once")
            }
        }
        guard learningRate.isFinite, learningRate > 0 else {
            throw refuse("learning rate", learningRate, "a number above 0")
        }
        guard learningRateMin >= 0, learningRateMin <= learningRate else {
            throw refuse("smallest learning rate", learningRateMin, "0 to the learning rate \(learningRate)")
        }
        guard warmupRatio >= 0, warmupRatio <= 1 else { throw refuse("warm-up ratio", warmupRatio, "0 to 1") }
        guard weightDecay.isFinite, weightDecay >= 0 else { throw refuse("weight decay", weightDecay, "0 or more") }
        guard clipNorm.isFinite, clipNorm >= 0 else { throw refuse("clip norm", clipNorm, "0 (off) or more") }
        guard batchSize >= 1 else { throw refuse("batch size", batchSize, "1 or more") }
        guard epochs >= 1 else { throw refuse("epochs", epochs, "1 or more") }
        guard iterations >= 0 else { throw refuse("iterations", iterations, "0 (no cap) or more") }
        guard tokensPerPassMax >= 1 else { throw refuse("tokens per pass", tokensPerPassMax, "1 or more") }
        guard isPreference == (preference != nil) else {
            throw refuse(
                "preference settings", preference == nil ? "none" : "some", "some for pairs, none for rows")
        }
        if let preference { try preference.check(algorithm) }
    }
}

extension PreferenceSettings {
    fileprivate func check(_ algorithm: TrainingSettings.Algorithm) throws(TrainingError) {
        func refuse(_ field: String, _ found: Any, _ wanted: String) -> TrainingError {
            .badSetting(field: field, found: "\(found)", wanted: wanted)
        }
        guard algorithm != .full else {
            throw refuse("algorithm", algorithm.rawValue, "lora, qlora or dora for preferences")
        }
        guard rewardScale.isFinite, rewardScale > 0 else { throw refuse("reward scale", rewardScale, "above 0") }
        guard rewardClip.isFinite, rewardClip >= 0 else { throw refuse("reward clip", rewardClip, "0 (off) or more") }
        guard epsilon >= 0, epsilon < 0.5 else { throw refuse("epsilon", epsilon, "[0, 0.5)") }
        guard gamma.isFinite, gamma >= 0 else { throw refuse("gamma", gamma, "0 or more") }
    }
}
