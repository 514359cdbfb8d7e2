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

    /// Makes the adapter in a checkpoint's folder known under the job's id, in place of what had the id before.
    func serve(_ job: Job, _ path: String) async throws {
        try await context.announce(
            Resource(kind: ResourceKind.model.name, id: job.servedID, base: job.base.model, adapter: path))
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
