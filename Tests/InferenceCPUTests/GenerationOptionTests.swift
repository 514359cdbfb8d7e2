import ProviderKit
import Testing

@testable import InferenceCPU

/// The options of a generation beyond the draft.
@Suite(.timeLimit(.minutes(60))) struct GenerationOptionTests {
    private let story = ScriptedModel.saying("Once", " upon", " a", " time")

    @Test("an answer ends at a stop text that is cut over tokens, and says at which; nothing of it is sent")
    func stop() async throws {
        let model = try await ServedModel(story)
        let chunks = try await model.chatChunks(
            ServedModel.request(logprobs: true), options: ["stop": ["never", "on a"], "extended": true])
        #expect(chunks.map(\.textDelta).joined() == "Once up")
        let last = try #require(chunks.last)
        #expect(last.stopReason == .finishedOK)
        #expect(last.details.stopSequence == "on a")
        // The tokens whose text is sent: " upon" is one of them, in part.
        #expect(chunks.flatMap { $0.logprobs ?? [] }.map(\.token) == ["Once", " upon"])
        #expect(last.details.usage?.completionTokens == 3)
        let whole = try await model.complete(options: ["stop": ["time"]])
        #expect(whole == CompletionResponse(content: "Once upon a ", stopReason: .finishedOK))
    }

    @Test("only a caller that asks for more than the draft is told of the tokens")
    func usage() async throws {
        let model = try await ServedModel(story)
        #expect(try await model.complete().usage == nil)
        let usage = try #require(try await model.complete(options: ["extended": true]).usage)
        #expect(usage.completionTokens == 5)
        #expect(usage.promptTokens == 2)
        let chunks = try await model.chatChunks()
        #expect(chunks.allSatisfy { $0.details == GenerationDetails() })
    }

    @Test("the tokens of a prompt that were computed before are told")
    func cached() async throws {
        let model = try await ServedModel(story)
        let prompt = ServedModel.request(completing: .text(String(repeating: "0123456789", count: 8)))
        let first = try await model.complete(prompt, options: ["extended": true])
        let second = try await model.complete(prompt, options: ["extended": true])
        #expect(first.usage?.cachedTokens == 0)
        #expect((16..<80).contains(second.usage?.cachedTokens ?? 0))
        #expect(second.usage?.promptTokens == 80)
    }

    @Test("several answers to one prompt carry their index and each ends by itself; a whole answer can't be several")
    func several() async throws {
        let model = try await ServedModel(story)
        let chunks = try await model.chatChunks(options: ["n": 3, "extended": true])
        for index in 0..<3 {
            let own = chunks.filter { $0.details.index == index }
            #expect(own.map(\.textDelta).joined() == "Once upon a time")
            #expect(own.filter { $0.stopReason != nil }.count == 1)
        }
        let error = await #expect(throws: ProviderError.self) { try await model.chat(options: ["n": 2]) }
        #expect(error?.field == "n")
    }

    @Test("the first of several answers is the one of its seed alone, and the others differ")
    func seeds() async throws {
        var vague = ScriptedModel.saying("a", "b", "c", "d", end: .never)
        vague.certainty = 0
        let model = try await ServedModel(vague)
        let sampling = SamplingParams(temperature: 1, strategy: .topP, topP: 1)
        let request = ServedModel.request(sampling: sampling, maxTokens: 12)
        let alone = try await model.chatChunks(request, options: ["seed": 5]).map(\.textDelta).joined()
        let chunks = try await model.chatChunks(request, options: ["seed": 5, "n": 3, "extended": true])
        let texts = (0..<3).map { index in chunks.filter { $0.details.index == index }.map(\.textDelta).joined() }
        #expect(texts[0] == alone)
        #expect(Set(texts).count == 3)
    }

    @Test("ignore_eos goes on to the limit")
    func ignoreEOS() async throws {
        let model = try await ServedModel(story)
        let answer = try await model.complete(
            ServedModel.request(completing: "hi", maxTokens: 9), options: ["ignore_eos": true, "extended": true])
        #expect(answer.stopReason == .maxTokens)
        #expect(answer.usage?.completionTokens == 9)
    }

    @Test("log probabilities come in a chat's chunks, with the likeliest tokens in their places")
    func logprobs() async throws {
        let chunks = try await ServedModel(story).chatChunks(
            ServedModel.request(logprobs: true), options: ["extended": true, "top_logprobs": 2])
        let tokens = chunks.flatMap { $0.logprobs ?? [] }
        #expect(tokens.map(\.token).prefix(4) == ["Once", " upon", " a", " time"])
        for token in tokens {
            #expect(token.top.count == 2)
            #expect(token.top[0].logprob >= token.top[1].logprob)
            #expect(token.bytes.map(UInt8.init) == Array(token.token.utf8))
        }
    }

    @Test(
        "an option out of its range is refused by its name",
        arguments: [
            (["n": 17], "n"), (["stop": [""]], "stop"), (["top_logprobs": 21], "top_logprobs"),
            (["presence_penalty": 2.5], "presence_penalty"), (["logit_bias": ["99999": 1]], "logit_bias"),
            (["logit_bias": ["4294967295": 1]], "logit_bias"), (["min_p": 1.5], "min_p"),
            (["ignore_eos": true, "response_schema": ["type": "string"]], "ignore_eos"),
        ] as [(JSONObject, String)])
    func ranges(options: JSONObject, field: String) async throws {
        let model = try await ServedModel(story)
        do {
            _ = try await model.chat(options: options)
            Issue.record("it was taken")
        } catch let error as WireError {
            #expect(error.field == field)
        } catch let error as ProviderError {
            #expect(error.field == field, "\(error)")
        }
    }

    @Test("a dialog's tokens are those of the prompt that a chat would have")
    func count() async throws {
        let model = try await ServedModel(story)
        let chunks = try await model.chatChunks(options: ["extended": true])
        let count = try await model.provider.countTokens(
            CountTokensRequest(model: "m", dialog: ServedModel.request().dialog), ServedModel.call())
        #expect(count.tokens == chunks.last?.details.usage?.promptTokens)
        #expect(count.contextTokensMax == 256)
    }
}
