import Foundation
import Testing

@testable import SafetyPromptGuard

/// `Benchmarks/Guards/prompt-guard.json`, which `make train-prompt-guard` writes with the weights.
struct RecordTests {
    private struct Record: Decodable {
        struct Own: Decodable {
            var threshold: Double
        }

        var embedding_model: String
        var found_at_5_percent_false_alarms: Double
        var length_rule_found_at_5_percent_false_alarms: Double
        var threshold_of_the_first_half: Own
    }

    @Test func `the figures belong to the weights, and are well above those of length alone`() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let record = try JSONDecoder().decode(
            Record.self, from: Data(contentsOf: root.appendingPathComponent("Benchmarks/Guards/prompt-guard.json")))
        #expect(record.embedding_model == Classifier.embeddingModel)
        #expect(abs(record.threshold_of_the_first_half.threshold - Classifier.threshold) < 1e-5)
        #expect(record.found_at_5_percent_false_alarms >= 0.85)
        #expect(
            record.found_at_5_percent_false_alarms >= record.length_rule_found_at_5_percent_false_alarms + 0.10)
    }
}
