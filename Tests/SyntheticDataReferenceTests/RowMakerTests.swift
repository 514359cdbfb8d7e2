import ProviderKit
import Testing

@testable import SyntheticDataReference

struct RowMakerTests {
    private func candidate(_ place: Int, _ text: String, _ score: Double, isCut: Bool = false) -> Candidate {
        Candidate(place: place, text: text, meanLogprob: nil, tokens: 1, isCut: isCut, score: score)
    }

    private let prompt = PromptCandidates(Message(role: .user, content: "q"), system: "s", generations: 4)

    private func rows(_ form: DatasetForm, _ kept: [Candidate], margin: Double = 0) -> [JSON] {
        RowMaker(form: form, margin: margin).rows(prompt, kept: kept).map { .object($0) }
    }

    @Test func `each candidate is a dialog that ends with it`() {
        let rows = rows(.sft, [candidate(0, "a", 1), candidate(2, "b", 2)])
        #expect(
            rows[0] == [
                "dialog": [
                    ["role": "system", "content": "s"], ["role": "user", "content": "q"],
                    ["role": "assistant", "content": "a"],
                ]
            ])
        #expect(rows.count == 2)
    }

    @Test func `a preference is the best and the worst, the earlier of equals`() {
        let kept = [candidate(0, "a", 1), candidate(1, "b", 3), candidate(2, "c", 3), candidate(3, "d", 1)]
        let wanted: JSON = [
            "prompt": [["role": "system", "content": "s"], ["role": "user", "content": "q"]], "chosen": "b",
            "rejected": "a",
        ]
        #expect(rows(.preference, kept) == [wanted])
        #expect(rows(.preference, kept, margin: 2) == [wanted])
        #expect(rows(.preference, kept, margin: 2.1) == [])
    }

    @Test func `candidates that are equal or alone are no preference`() {
        #expect(rows(.preference, []) == [])
        #expect(rows(.preference, [candidate(0, "a", 1)]) == [])
        #expect(rows(.preference, [candidate(0, "a", 1), candidate(1, "b", 1)]) == [])
    }

    @Test func `an answer that was cut off is in no row`() {
        let kept = [candidate(0, "a", 1), candidate(1, "b", 9, isCut: true), candidate(2, "c", 0)]
        #expect(rows(.sft, kept).count == 2)
        #expect(rows(.preference, kept).first?.objectValue?["chosen"] == "a")
    }

    @Test func `what repeats an earlier one, or says nothing, is left out`() {
        var prompt = prompt
        prompt.written = [candidate(0, " \n", 0), candidate(1, "a", 0), candidate(2, "a", 0), candidate(3, "A", 0)]
        prompt.findDistinct()
        #expect(prompt.distinct.map(\.place) == [1, 3])
    }
}
