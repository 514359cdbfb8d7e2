import ProviderKit
import Testing

@testable import InferenceCPU

@Suite(.timeLimit(.minutes(60))) struct CancelTests {
    private let endless = ScriptedModel.saying("a", "b", end: .never, contextTokens: 100_000)
    /// `<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n`, a token for each byte and control token.
    private let promptTokens = 3 + "user\nhi\nassistant\n".utf8.count

    @Test("a reader who has left ends the request, and the engine computes nothing more")
    func readerLeft() async throws {
        // Counted without sharing: the second prompt is the first's.
        let model = try await ServedModel(endless, config: ["threads": 1, "prefix_sharing": false])
        let seen = Kept<String>()
        await #expect(throws: CancellationError.self) {
            try await model.provider.chatCompletion(
                ServedModel.request(), ServedModel.call(),
                streamingTo: EventStream { chunk in
                    seen.append(chunk.textDelta)
                    if seen.all.count == 3 { throw CancellationError() }
                })
        }
        let load = try model.loaded().engine.load
        #expect(load.running == 0)
        // What it ran ahead of the reader is bounded by the queue between them, twice: one half read, one half filled.
        #expect(load.tokensComputed <= promptTokens + seen.all.joined().count + 2 * TokenQueue.tokensMax)
        _ = try await model.chat(ServedModel.request(maxTokens: 1))
        #expect(try model.loaded().engine.load.tokensComputed == load.tokensComputed + promptTokens)
    }

    @Test("a cancelled task ends the request while its reader is behind")
    func cancelledTask() async throws {
        let model = try await ServedModel(endless)
        let (began, stuck) = (Door(), Door())
        let task = Task {
            try await model.provider.completion(
                ServedModel.request(completing: "hi"), ServedModel.call(),
                streamingTo: EventStream { _ in
                    began.open()
                    await withTaskCancellationHandler {
                        await stuck.wait()
                    } onCancel: {
                        stuck.open()
                    }
                })
        }
        await began.wait()
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try model.loaded().engine.load.running == 0)
    }

    @Test("a cancelled task ends a whole answer, which is not read before its end")
    func cancelledWhole() async throws {
        let model = try await ServedModel(endless)
        let engine = try model.loaded().engine
        let task = Task { try await model.complete() }
        while engine.load.tokensComputed < 10 { await Task.yield() }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(engine.load.running == 0)
        #expect(engine.load.tokensComputed < 90_000)
    }

    @Test("a slow reader pauses its own request and no other")
    func slowReader() async throws {
        let model = try await ServedModel(.saying("a", "b", end: .never, contextTokens: 1000))
        let (began, goOn) = (Door(), Door())
        let seen = Kept<String>()
        async let slow: Void = model.provider.completion(
            ServedModel.request(completing: "hi"), ServedModel.call(),
            streamingTo: EventStream { chunk in
                seen.append(chunk.textDelta)
                began.open()
                await goOn.wait()
            })
        await began.wait()
        #expect(
            try await model.complete(ServedModel.request(completing: "hi", maxTokens: 300)).stopReason == .maxTokens)
        // Meanwhile the slow one could have made 300 tokens too.
        let computed = try model.loaded().engine.load.tokensComputed
        #expect(computed <= 2 + 300 + 2 + 2 * TokenQueue.tokensMax)
        goOn.open()
        try await slow
        #expect(seen.all.joined().count == 998)
    }
}
