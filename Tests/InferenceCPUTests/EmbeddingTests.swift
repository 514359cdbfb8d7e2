import Foundation
import LlamaEngine
import ProviderKit
import Testing

@testable import InferenceCPU

/// The small random encoder of Tests/Fixtures/embeddings, as a client meets it.
@Suite(.timeLimit(.minutes(60))) struct EmbeddingTests {
    private static let tiny = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/embeddings/tiny").path

    private func provider() async throws -> CPUProvider<OwnKernels> {
        let provider = try await CPUProvider<OwnKernels>(
            configuration: CPUConfiguration(json: ["threads": 2], at: .root),
            context: ProviderContext(providerID: "cpu"))
        try await provider.register(Resource(kind: "model", id: "e", path: Self.tiny))
        return provider
    }

    private func embed(
        _ contents: [Content], _ truncation: TextTruncation = .none, by provider: CPUProvider<OwnKernels>? = nil
    ) async throws -> [[Float]] {
        let provider = if let provider { provider } else { try await self.provider() }
        let request = EmbeddingsRequest(model: "e", contents: contents, textTruncation: truncation)
        return try await provider.embeddings(request, Call(resource: "e")).embeddings
    }

    private func refusal(_ body: () async throws -> Void) async throws -> ProviderError? {
        do {
            try await body()
            return nil
        } catch {
            return try #require(error as? ProviderError)
        }
    }

    private let long = String(repeating: "the sea ", count: 200)

    @Test("a folder with an encoder is told by its config.json, and each text gets its vector, in order")
    func order() async throws {
        let provider = try await provider()
        let both = try await embed(["the sea", "", .items(["the", "sea"])], by: provider)
        let alone = try await embed(["the sea"], by: provider)
        #expect(both.count == 3 && both[0] == alone[0] && both[2] == alone[0] && both[1] != both[0])
    }

    @Test("a model is described by its purpose and its sizes")
    func description() async throws {
        let provider = try await provider()
        let answer = try await provider.describeModel(DescribeModelRequest(model: "e"), Call(resource: "e"))
        let dimension = try await embed(["the sea"], by: provider)[0].count
        #expect(
            answer == ModelDescription(purpose: .embedding, contextTokensMax: 48, embeddingDimension: dimension))
        let error = try await refusal {
            _ = try await provider.describeModel(DescribeModelRequest(model: "f"), Call(resource: "f"))
        }
        #expect(error?.code == .modelNotFound)
    }

    @Test("no texts have no vectors")
    func none() async throws { #expect(try await embed([]) == []) }

    @Test("a text that is too long is refused by its place, unless the request says which end to cut")
    func truncation() async throws {
        let error = try await refusal { _ = try await embed(["short", .text(long)]) }
        #expect(error?.code == .contextLengthExceeded && error?.field == "contents[1]")
        #expect(error?.message.contains("48 tokens") == true)
        let (end, start) = (
            try await embed([.text("x y z " + long)], .end), try await embed([.text("x y z " + long)], .start)
        )
        #expect(end != start)
        #expect(try await embed([.text("x y z " + String(repeating: "the sea ", count: 100))], .end) == end)
        #expect(try await embed([.text(long)], .start) == start)
    }

    @Test("two MiB of text are cut like any other, or refused, at once")
    func huge() async throws {
        let text = String(repeating: "the sea ", count: 1 << 18)
        #expect(try await embed([.text(text)], .end) == embed([.text(long)], .end))
        #expect(try await refusal { _ = try await embed([.text(text)]) }?.code == .contextLengthExceeded)
    }

    @Test("many requests at once get the vectors that they get alone")
    func concurrent() async throws {
        let provider = try await provider()
        let texts = (0..<40).map { "text number \($0) about the sea" }
        let alone = try await embed(texts.map { .text($0) }, by: provider)
        let together = try await inOrder(texts) { try await self.embed([.text($0)], by: provider)[0] }
        #expect(together == alone)
    }

    @Test("an attachment is refused by its place")
    func attachment() async throws {
        let item = Content.Item.attachment(
            Attachment(url: try WireURL("https://example.org/a.png"), mimeType: "image/png"))
        let error = try await refusal { _ = try await embed(["a", .items([.text("b"), item])]) }
        #expect(error?.code == .unsupportedContent && error?.field == "contents[1][1]")
    }

    @Test("an embedding model does not write, and a writing model makes no embeddings")
    func kinds() async throws {
        let provider = try await provider()
        let error = try await refusal {
            _ = try await provider.completion(ServedModel.request(completing: "hi"), Call(resource: "e"))
        }
        #expect(error?.code == .invalidRequest && error?.field == "model")
        let writer = try await ServedModel(.saying("a"))
        let other = try await refusal {
            _ = try await writer.provider.embeddings(
                EmbeddingsRequest(model: "m", contents: ["a"]), Call(resource: "m"))
        }
        #expect(other?.code == .invalidRequest && other?.field == "model")
    }

    @Test("a name that is registered again is replaced, and is free when its model is gone")
    func names() async throws {
        let provider = try await provider()
        let resource = Resource(kind: "model", id: "e", path: Self.tiny)
        try await provider.register(resource)
        #expect(try await embed(["a"], by: provider).count == 1)
        try await provider.unregister(resource)
        #expect(try await refusal { _ = try await embed(["a"], by: provider) }?.code == .modelNotFound)
        try await provider.register(resource)
        #expect(try await embed(["a"], by: provider).count == 1)
    }

    @Test("a cancelled request ends without an answer")
    func cancelled() async throws {
        let provider = try await provider()
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await embed((0..<2000).map { .text("text \($0)") }, by: provider)
        }
        await #expect(throws: CancellationError.self) { try await task.value }
    }
}
