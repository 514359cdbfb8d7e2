import ProviderKit
import Synchronization
import Testing

@testable import InferenceCPU

@Suite(.timeLimit(.minutes(60))) struct MemoryPressureTests {
    private static let bounds = MemoryPressure.Bounds(admissionPercent: 85, shedPercent: 92)

    @Test(
        "each level begins at its share of the room",
        arguments: [
            (1000, .ample), (1200, .ample), (151, .ample), (150, .high), (81, .high), (80, .short), (41, .short),
            (40, .exhausted), (0, .exhausted),
        ] as [(Int, MemoryPressure.Level)])
    func levels(_ free: Int, _ level: MemoryPressure.Level) {
        #expect(MemoryPressure.level(free: free, room: 1000, Self.bounds, from: .ample) == level)
    }

    @Test("a level is left when five more percent of the room are free, and not before")
    func hysteresis() {
        func level(_ free: Int, from before: MemoryPressure.Level) -> MemoryPressure.Level {
            MemoryPressure.level(free: free, room: 1000, Self.bounds, from: before)
        }
        #expect(level(120, from: .short) == .short)
        #expect(level(131, from: .short) == .high)
        #expect(level(199, from: .short) == .high)
        #expect(level(199, from: .high) == .high)
        #expect(level(201, from: .high) == .ample)
        #expect(level(201, from: .exhausted) == .ample)
    }

    @Test("where nothing was free there is no room to take")
    func noRoom() {
        #expect(MemoryPressure.level(free: 0, room: 0, Self.bounds, from: .ample) == .exhausted)
        #expect(MemoryPressure.level(free: 10, room: 0, Self.bounds, from: .ample) == .ample)
    }

    /// A served model, and what it believes to be free.
    private func served(_ free: Reading) async throws -> ServedModel {
        let served = try await ServedModel(
            .saying("a", end: .never, contextTokens: 100_000), bytesFree: { free.bytes })
        // The first read is what the model has left: the room from now on.
        while free.reads == 0 { try await Task.sleep(for: .milliseconds(5)) }
        return served
    }

    private func refusal(_ served: ServedModel) async -> ProviderError? {
        do {
            _ = try await served.complete(ServedModel.request(completing: "hi", maxTokens: 3))
            return nil
        } catch {
            return error as? ProviderError
        }
    }

    /// Waits until new requests are refused, or are not.
    private func until(_ isRefused: Bool, _ served: ServedModel) async throws -> ProviderError? {
        while true {
            let error = await refusal(served)
            if (error != nil) == isRefused { return error }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    @Test("when memory is short new requests are refused with 503, answers under way go on, and later all is as before")
    func admission() async throws {
        let free = Reading(1000)
        let served = try await served(free)
        let (began, goOn) = (Door(), Door())
        let texts = Kept<String>()
        async let running: Void = served.provider.completion(
            ServedModel.request(completing: "hi", maxTokens: 300), ServedModel.call(),
            streamingTo: EventStream { chunk in
                began.open()
                await goOn.wait()
                texts.append(chunk.textDelta)
            })
        await began.wait()
        free.set(100)
        let error = try await until(true, served)
        #expect(error?.code == .overloaded)
        #expect(error?.code.httpStatus == 503)
        #expect(error?.retryAfterSeconds == MemoryPressure.retryAfterSeconds)
        goOn.open()
        try await running
        #expect(texts.all.joined() == String(repeating: "a", count: 300))
        free.set(900)
        #expect(try await until(false, served) == nil)
    }

    @Test("when memory is very short idle caches are dropped, and embeddings and chats are refused alike")
    func shedding() async throws {
        let free = Reading(1000)
        let served = try await served(free)
        _ = try await served.complete(ServedModel.request(completing: "hi", maxTokens: 300))
        let engine = try served.loaded().engine
        #expect(engine.load.idleCacheBytes > 0)
        free.set(70)
        while engine.load.idleCacheBytes > 0 { try await Task.sleep(for: .milliseconds(20)) }
        await #expect(throws: ProviderError.self) { try await served.chat() }
        free.set(1000)
        _ = try await until(false, served)
        // Also kept again.
        #expect(engine.load.idleCacheBytes > 0)
    }

    @Test("where the system says nothing, nothing is refused")
    func unknown() async throws {
        let free = Reading(nil)
        let served = try await served(free)
        // A look reads nothing where there is no room, so it can't be counted: it has been by then.
        try await Task.sleep(for: .milliseconds(2 * MemoryPressure.periodMilliseconds))
        #expect(await refusal(served) == nil)
    }
}

/// The bytes that are said to be free, and how often that was asked for.
private final class Reading: Sendable {
    private let value: Mutex<(bytes: Int?, reads: Int)>
    init(_ bytes: Int?) { value = Mutex((bytes, 0)) }
    var reads: Int { value.withLock { $0.reads } }
    var bytes: Int? {
        value.withLock { value in
            value.reads += 1
            return value.bytes
        }
    }
    func set(_ bytes: Int) { value.withLock { $0.bytes = bytes } }
}
