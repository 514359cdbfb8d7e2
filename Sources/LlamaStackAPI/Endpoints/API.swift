/// The APIs that a provider can implement. The raw value is the word in a distribution and over the contract.
public enum API: String, Sendable, CaseIterable {
    case inference, agenticSystem = "agentic_system", memoryBanks = "memory_banks", datasets
    case rewardScoring = "reward_scoring", syntheticDataGeneration = "synthetic_data_generation"
    case postTraining = "post_training"

    /// The draft's name for it: a tag of the document.
    public var tag: String {
        rawValue.split(separator: "_").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }
}
