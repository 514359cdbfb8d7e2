import Foundation
import LlamaStackAPI
import ProviderKit

/// The things that all jobs of an instance share: the table, the host's services, the configuration.
struct JobHost: Sendable {
    let store: JobStore
    let configuration: PostTrainingConfiguration
    let context: ProviderContext
    let threads: Int

    var log: Log { context.log }

    /// Makes a checkpoint known under the job's id, in place of what had the id before: an adapter of its base, or a
    /// model of its own that the base's provider serves.
    func serve(_ job: Job, _ path: String, isWholeModel: Bool) async throws {
        let kind = ResourceKind.model.name
        guard isWholeModel else {
            return try await context.announce(
                Resource(kind: kind, id: job.servedID, base: job.base.model, adapter: path))
        }
        try await context.announce(
            Resource(kind: kind, id: job.servedID, path: WholeModelFiles.path(in: path)), for: .inference,
            beside: job.base.model)
    }

    func withdraw(_ job: Job) async throws { try await context.withdraw(.model, job.servedID) }

    /// Returns when what is served has answered.
    func ask(_ id: String) async throws {
        let client = context.inference()
        do {
            _ = try await client.chatCompletion(
                ChatCompletionRequest(
                    model: InstructModel(rawValue: id),
                    dialog: Dialog(message: Message(role: .user, content: "Hello")), maxTokens: 1))
        } catch let error as ProviderError where error.code == .templateError {
            // A model without a chat format continues texts.
            _ = try await client.completion(
                CompletionRequest(content: "Hello", model: PretrainedModel(rawValue: id), maxTokens: 1))
        }
    }
}
