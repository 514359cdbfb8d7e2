import ProviderKit
import Testing

@testable import SyntheticDataReference

struct SettingsTests {
    private func refusal(_ members: JSONObject) -> WireError? {
        do {
            _ = try ScoringSettings(SyntheticDataGenerationRequest(prompts: [], rewardScoring: .init(members)))
            return nil
        } catch {
            return error as? WireError
        }
    }

    @Test func `the defaults are those of the page`() throws {
        let settings = try ScoringSettings(SyntheticDataGenerationRequest(prompts: []))
        #expect(settings == ScoringSettings())
        #expect(settings.k == 1 && settings.p == 0.9 && settings.temperature == 1 && settings.seed == 0)
        #expect(settings.threshold == nil && settings.model == nil && settings.datasetForm == .sft)
    }

    @Test(
        arguments: [
            ("k", 0), ("k", -1), ("k", 1.5), ("p", 0), ("p", 1.1), ("p", -0.5), ("temperature", 0),
            ("temperature", -1), ("margin", -0.1), ("seed", 0.5), ("threshold", "high"), ("dataset_form", "dpo"),
            ("dataset_uuid", ""), ("model", 3), ("top_k", 3),
        ] as [(String, JSON)])
    func `what a filter can't use is refused by its name`(_ key: String, _ value: JSON) {
        #expect(refusal([key: value])?.field == "reward_scoring.\(key)")
    }

    @Test func `the error has the value`() {
        #expect(refusal(["p": 0])?.description == "reward_scoring.p must be in (0, 1], got 0.0")
        #expect(refusal(["temperature": -1])?.description == "reward_scoring.temperature must be above 0, got -1.0")
        #expect(refusal(["k": 0])?.description == "reward_scoring.k must be at least 1, got 0")
    }
}
