import ContractBridge
import Foundation
import Host
import LlamaStackAPI

/// A server that trains one job and says what becomes of it, a line each: the process that ``JobRounds`` starts and
/// kills. Started on the same state again, it goes on with the job that is there.
package struct JobTrainer: Sendable {
    package static let job = "torture"

    package var state: String
    /// The path of the model that is trained.
    package var model: String
    package var algorithm: FinetuningAlgorithm
    package var steps: Int

    /// nil for an algorithm that there is not.
    package init?(state: String, model: String, algorithm: String, steps: Int) {
        guard let algorithm = FinetuningAlgorithm(rawValue: algorithm) else { return nil }
        (self.state, self.model, self.algorithm, self.steps) = (state, model, algorithm, steps)
    }

    package func run() async throws {
        let stack = try await Stack.start(manifest())
        do {
            _ = try await call(stack, PostTraining.supervisedFineTune, Nothing(), try request(), creates: Self.job)
            WriterPool.say("accepted")
        } catch let error as CallError where error.code == .alreadyExists {}
        WriterPool.say("ready")
        var follow = CallRequest(callID: 1, method: PostTraining.jobLogs.description.method)
        follow.parameters = PostTraining.jobLogs.encode(query: JobQuery(jobUUID: Self.job))
        for try await part in try stack.call(PostTraining.jobLogs.description, request: follow) {
            for line in try PostTraining.jobLogs.decodeEvent(part.bytes).logLines { WriterPool.say("log \(line)") }
        }
        let status = try await call(stack, PostTraining.jobStatus, JobQuery(jobUUID: Self.job), Nothing())
        for checkpoint in status.checkpoints {
            let path = URL(string: checkpoint.path.string)?.path ?? checkpoint.path.string
            WriterPool.say("checkpoint \(checkpoint.iters) \(path)")
        }
        WriterPool.say("ended \(status.status.rawValue)")
        await stack.shutdown(withinSeconds: 30)
    }

    private func manifest() throws -> Manifest {
        let yaml = """
            version: 1
            name: torture
            state: \(state)
            providers:
              inference:
                - {provider_id: cpu, provider_type: inline::cpu, config: {threads: 1}}
              post_training:
                - {provider_id: trainer, provider_type: inline::cpu, config: {threads: 1}}
            models:
              - {model_id: tiny, provider_id: cpu, path: \(model)}
            """
        return try Manifest.parse(Array(yaml.utf8), file: "torture.yaml", directory: "/", environment: [:])
    }

    /// Checkpoints come often, so that much of the time is spent in saving one.
    private func request() throws -> PostTrainingSFTRequest {
        let rows = (0..<12).map { #"{"text": "Row \#($0) goes to \#($0 * 7 % 12)."}"# }.joined(separator: "\n")
        let data = Dataset(
            columns: ["text": .text],
            contentURL: try WireURL("data:application/jsonl;base64,\(Data(rows.utf8).base64EncodedString())"))
        return PostTrainingSFTRequest(
            jobUUID: Self.job, model: PretrainedModel(rawValue: "tiny"), dataset: data, validationDataset: data,
            algorithm: algorithm,
            algorithmConfig: .lora(
                LoraFinetuningConfig(
                    loraAttnModules: ["q_proj", "v_proj"], applyLoRAToMLP: false, applyLoRAToOutput: false, rank: 4,
                    alpha: 8)),
            optimizerConfig: OptimizerConfig(optimizerType: .adamw, lr: 0.01, lrMin: 0, weightDecay: 0),
            trainingConfig: TrainingConfig(
                nEpochs: steps, batchSize: 4, shuffle: true, nIters: steps, enableActivationCheckpointing: false,
                memoryEfficientFSDPWrap: false, fsdpCPUOffload: false),
            hyperparamSearchConfig: ["checkpoint_steps": 3, "row_tokens_max": 64], loggerConfig: [:])
    }

    private func call<Query, Body, Answer, Event>(
        _ stack: Stack, _ endpoint: Endpoint<Query, Body, Answer, Event>, _ query: Query, _ body: Body,
        creates name: String? = nil
    ) async throws -> Answer {
        var request = CallRequest(callID: .random(in: 1...(1 << 60)), method: endpoint.description.method)
        request.parameters = endpoint.encode(query: query)
        request.body = endpoint.encode(body: body)
        return try endpoint.decodeAnswer(
            try await stack.call(endpoint.description, resourceName: name, request: request).collect())
    }
}
