import Testing

@testable import LlamaEngine

@Suite struct AdmissionTests {
    @Test(
        "prompt and answer that exceed the context are refused at once, with all three numbers",
        arguments: [(256, 0), (257, 1), (2560, 0), (200, 57), (1, 256), (10, Int.max)])
    func contextLength(_ promptTokens: Int, _ tokensMax: Int) throws {
        let probe = try EngineProbe.tiny()
        let error = #expect(throws: GenerationError.self) {
            try probe.submit([Int32](repeating: 1, count: promptTokens), tokensMax)
        }
        #expect(
            error == .contextLengthExceeded(limit: 256, promptTokens: promptTokens, requested: tokensMax))
        #expect(error?.code == "context_length_exceeded")
    }

    @Test("the longest request that fits is taken")
    func longest() async throws {
        let probe = try EngineProbe.tiny()
        #expect(try await probe.answer([Int32](repeating: 1, count: 200), 56).count == 56)
    }

    @Test("what fits the context but never the memory is refused at once")
    func cacheTooSmall() throws {
        let probe = try EngineProbe.tiny { $0.cacheBytesMax = 2 * 2 * 2 * 128 * 64 * 4 }
        let error = #expect(throws: GenerationError.self) { try probe.submit([1, 2, 3], 200) }
        #expect(error == .cacheTooSmall(limit: 129, promptTokens: 3, requested: 200))
    }

    @Test("a wrong prompt or length is refused by name")
    func wrongRequests() throws {
        let probe = try EngineProbe.tiny()
        #expect(throws: GenerationError.emptyPrompt) { try probe.submit([], 1) }
        #expect(throws: GenerationError.tokenOutOfRange(id: 320, index: 1, vocabulary: 320)) {
            try probe.submit([1, 320], 1)
        }
        #expect(throws: GenerationError.tokenOutOfRange(id: -1, index: 0, vocabulary: 320)) {
            try probe.submit([-1], 1)
        }
        #expect(throws: GenerationError.invalidParameter(name: "max_tokens", reason: "must be 0 or more, got -1")) {
            try probe.submit([1], -1)
        }
        #expect(throws: GenerationError.self) { try probe.submit([1], 1, sampling: Sampling(topP: 0)) }
    }

    @Test("one request more than running and waiting places is refused; all others are answered")
    func queueFull() async throws {
        let probe = try EngineProbe.tiny {
            $0.runningMax = 1
            $0.waitingMax = 8
        }
        // Holds the only place until it is resumed.
        let holder = try probe.submit([1, 2], 2) { $0 == 1 ? .pause : .more }
        await holder.first()
        var admitted: [Heard] = []
        var refused = 0
        for _ in 0..<63 {
            do {
                admitted.append(try probe.submit([3, 4], 2))
            } catch GenerationError.queueFull(let waiting, let limit) {
                #expect((waiting, limit) == (8, 8))
                refused += 1
            }
        }
        #expect(admitted.count == 8)
        #expect(refused == 55)
        probe.engine.resume(holder.handle)
        #expect(await holder.tokens().count == 2)
        for heard in admitted { #expect(await heard.tokens().count == 2) }
    }

    @Test("an option out of range is refused by name")
    func options() throws {
        #expect(
            throws: OptionError(name: "threads", reason: "must be in 1...256, got 0")
        ) { try EngineProbe.tiny { $0.threads = 0 } }
        #expect(throws: OptionError.self) { try EngineProbe.tiny { $0.runningMax = 0 } }
        #expect(throws: OptionError.self) { try EngineProbe.tiny { $0.contextTokensMax = -1 } }
    }
}
