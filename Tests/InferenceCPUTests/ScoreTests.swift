import Foundation
import LlamaEngine
import ProviderKit
import Testing

@testable import InferenceCPU

@Suite(.timeLimit(.minutes(60))) struct ScoreTests {
    private func score(
        _ served: ServedModel, _ content: Content, _ continuations: [Content], principal: String = "p"
    ) async throws -> [ContinuationScore] {
        let request = ScoreRequest(model: "m", content: content, continuations: continuations)
        return try await served.provider.score(request, ServedModel.call()).scores
    }

    private func score(
        _ served: ServedModel, answering text: Content, _ continuations: [Content]
    ) async throws -> [ContinuationScore] {
        let dialog = Dialog(message: Message(role: .user, content: text))
        let request = ScoreRequest(model: "m", dialog: dialog, continuations: continuations)
        return try await served.provider.score(request, ServedModel.call()).scores
    }

    private func refusal(_ body: () async throws -> Void) async throws -> ProviderError? {
        do {
            try await body()
            return nil
        } catch {
            return try #require(error as? ProviderError)
        }
    }

    private func texts(_ score: ContinuationScore) -> [String] {
        (try? [String](json: score.logprobs["tokens"] ?? [], at: .root)) ?? []
    }

    @Test("a reply is scored with the end of its turn, and what the model would say is the likeliest")
    func reply() async throws {
        let served = try await ServedModel(.saying("one", "two"))
        let scores = try await score(served, answering: "hi", ["one", "twoone", "", "onetwo"])
        #expect(
            scores.map(texts) == [
                // No merges: a piece of the script is not what its letters are encoded as.
                ["o", "n", "e", "<|im_end|>"], ["t", "w", "o", "o", "n", "e", "<|im_end|>"], ["<|im_end|>"],
                ["o", "n", "e", "t", "w", "o", "<|im_end|>"],
            ])
        for score in scores {
            #expect(score.logprob == score.tokenLogprobs.map { Double(Float($0)) }.reduce(0, +))
            #expect(score.tokenLogprobs.count == texts(score).count && score.logprob < 0)
        }
    }

    @Test("each token has the log probability that follows from the model's logits")
    func closedForm() async throws {
        // After any byte comes the script's first token: 19.6 against 0 for all others.
        let served = try await ServedModel(.saying("x", "y"))
        let vocabulary = try served.loaded().engine.model.configuration.vocabulary
        let logit = Double(ScriptedModel.hidden).squareRoot()
        let likely = logit - log(exp(logit) + Double(vocabulary - 1))
        let unlikely = -log(exp(logit) + Double(vocabulary - 1))
        let scores = try await score(served, "a", ["x", "xy", "z"])
        let wanted = [[likely], [likely, likely], [unlikely]]
        for (score, wanted) in zip(scores, wanted) {
            #expect(score.tokenLogprobs.count == wanted.count)
            for (got, wanted) in zip(score.tokenLogprobs, wanted) {
                #expect(abs(got - wanted) < 1e-3 * abs(wanted) + 1e-6)
            }
        }
    }

    @Test("a score is the same to the bit alone and among 64")
    func among() async throws {
        let served = try await ServedModel(.saying("one", "two"), config: ["threads": 2])
        let continuations = (0..<64).map { Content.text("reply \($0)" + String(repeating: "!", count: $0 % 9)) }
        let prompt = Content.text(String(repeating: "hello ", count: 20))
        let all = try await score(served, answering: prompt, continuations)
        #expect(all.count == 64)
        for index in [0, 1, 31, 63] {
            let other = try await ServedModel(.saying("one", "two"))
            #expect(try await score(other, answering: prompt, [continuations[index]]) == [all[index]])
        }
    }

    @Test("what is wrong is refused by its place")
    func refusals() async throws {
        let served = try await ServedModel(.saying("one"))
        let empty = try await refusal { _ = try await score(served, "a", ["b", ""]) }
        #expect(empty?.code == .invalidRequest && empty?.field == "continuations[1]")
        let long = Content.text(String(repeating: "a", count: 255))
        let tooLong = try await refusal { _ = try await score(served, "ab", [long, "c"]) }
        #expect(tooLong?.code == .contextLengthExceeded && tooLong?.field == "continuations[0]")
        #expect(tooLong?.message.contains("context of 256") == true)
        let prompt = try await refusal { _ = try await score(served, .text(String(repeating: "a", count: 256)), ["c"]) }
        #expect(prompt?.field == "content")
        let nothing = try await refusal { _ = try await score(served, "", ["c"]) }
        #expect(nothing?.field == "content")
        let item = Content.Item.attachment(
            Attachment(url: try WireURL("https://example.org/a.png"), mimeType: "image/png"))
        let picture = Content.items([.text("a"), item])
        let attached = try await refusal { _ = try await score(served, "a", ["b", picture]) }
        #expect(attached?.code == .unsupportedContent && attached?.field == "continuations[1][1]")
    }

    @Test("no continuations have no scores")
    func none() async throws {
        #expect(try await score(ServedModel(.saying("one")), "a", []).isEmpty)
    }

    @Test("a text as long as the context is scored whole")
    func whole() async throws {
        let served = try await ServedModel(.saying("one"))
        #expect(try await score(served, "a", [.text(String(repeating: "b", count: 255))])[0].tokenLogprobs.count == 255)
    }
}
