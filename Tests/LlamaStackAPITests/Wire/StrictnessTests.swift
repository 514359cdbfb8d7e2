import ProviderConformance
import Testing

@testable import LlamaStackAPI

/// Every record, over what its schema says is valid and every way to spoil it.
struct StrictnessTests {
    static let records: [any WireRecord.Type] = [
        AgenticSystemCreateRequest.self, AgenticSystemCreateResponse.self, AgenticSystemExecuteRequest.self,
        AgenticSystemExecuteResponse.self, AgenticSystemExecuteResponseStreamChunk.self, AgenticSystemTurn.self,
        Attachment.self, BatchChatCompletionRequest.self, BatchCompletionRequest.self, ChatCompletionRequest.self,
        ChatCompletionResponse.self, ChatCompletionResponseStreamChunk.self, Checkpoint.self, CompletionRequest.self,
        CompletionResponse.self, CompletionResponseStreamChunk.self, CreateDatasetRequest.self, DPOAlignmentConfig.self,
        Dataset.self, Dialog.self, DoraFinetuningConfig.self, KPromptGenerations.self, KScoredPromptGenerations.self,
        LoraFinetuningConfig.self, MemoryBank.self, MemoryBankDocument.self, MemoryRetrievalStep.self, Message.self,
        ModelInferenceStep.self, OptimizerConfig.self, PostTrainingJobArtifactsResponse.self,
        PostTrainingJobLogStream.self, PostTrainingJobStatusResponse.self, PostTrainingRLHFRequest.self,
        PostTrainingSFTRequest.self, QLoraFinetuningConfig.self, RewardScoringRequest.self, RewardScoringResponse.self,
        SafetyFilteringStep.self, SafetyViolation.self, SamplingParams.self, ScoredMessage.self, ShieldConfig.self,
        SyntheticDataGenerationRequest.self, SyntheticDataGenerationResponse.self, ToolCall.self, ToolDefinition.self,
        ToolExecutionStep.self, ToolResponse.self, TrainingConfig.self,
        // Not of the draft.
        AgentQuery.self, DatasetQuery.self, JobQuery.self, MemoryBankCreateQuery.self, MemoryBankQuery.self,
        Nothing.self, PostTrainingJob.self, Resource.self,
    ]

    @Test("every record of the contract is tested here")
    func complete() throws {
        let names = Set(Self.records.map { "\($0)" })
        let wanted = try Fixture.json("contract.json")["schemas"]?.objectValue?.keys ?? []
        #expect(wanted.filter { !names.contains($0) } == [])
    }

    @Test("a whole record is read and written back the same", arguments: records.indices)
    func roundTrip(index: Int) throws {
        let type = Self.records[index]
        let sample = Samples.sample(for: type.schema)
        #expect(try type.init(json: sample, at: .root).json == sample)
    }

    @Test("a record with only what is required gets its defaults, null counting as absent", arguments: records.indices)
    func defaults(index: Int) throws {
        let type = Self.records[index]
        guard case .record(let record) = type.schema,
            case .object(let minimal) = Samples.sample(for: type.schema, isMinimal: true)
        else {
            Issue.record("\(type) is no record")
            return
        }
        var nulls = minimal
        for property in record.properties where !property.isRequired { nulls[property.key] = .null }
        let written = try type.init(json: .object(minimal), at: .root).json
        #expect(try type.init(json: .object(nulls), at: .root).json == written)
        for property in record.properties where !property.isRequired {
            let isWritten = written[property.key] != nil
            #expect(isWritten == !property.isOptional, "\(type).\(property.key)")
            if let value = property.default { #expect(written[property.key] == value, "\(type).\(property.key)") }
        }
    }

    @Test("whatever is spoiled in one place is refused, and the error names the place", arguments: records.indices)
    func mutations(index: Int) throws {
        let type = Self.records[index]
        for mutation in Samples.mutations(of: type.schema) {
            let error = #expect(throws: WireError.self, "\(type), \(mutation.why): \(mutation.json.text)") {
                try type.init(json: mutation.json, at: .root)
            }
            #expect(error?.field == mutation.field, "\(type), \(mutation.why)")
        }
    }

    @Test("an id that a caller chooses must not be empty nor hold control characters", arguments: records.indices)
    func identifiers(index: Int) throws {
        let type = Self.records[index]
        let ids = ["uuid", "agent_uuid", "job_uuid", "agent_id", "bank_uuid", "dataset_id", "id", "model"]
        guard case .record(let record) = type.schema else { return }
        for key in record.properties.map(\.key) where ids.contains(key) {
            for id in ["", "a\n", String(repeating: "x", count: 201)] {
                var json = Samples.sample(for: type.schema).objectValue ?? [:]
                json[key] = .string(id)
                let error = #expect(throws: WireError.self, "\(type).\(key)") {
                    try type.init(json: .object(json), at: .root)
                }
                #expect(error?.field == key)
            }
        }
    }

    @Test("a step of every kind is read and written back the same")
    func steps() throws {
        let kinds: [any WireRecord.Type] = [
            ModelInferenceStep.self, ToolExecutionStep.self, SafetyFilteringStep.self, MemoryRetrievalStep.self,
        ]
        for (kind, type) in zip(kinds, ExecutionStepType.allCases) {
            let sample = Samples.sample(for: kind.schema)
            let step = try ExecutionStep(json: sample, at: .root)
            #expect(step.json == sample && step.type == type)
        }
    }

    @Test("the generator spoils every field of a nested request")
    func generatorCoverage() {
        let mutations = Samples.mutations(of: ChatCompletionRequest.schema)
        let fields = Set(mutations.map(\.field))
        #expect(mutations.count > 300)
        #expect(
            fields.isSuperset(of: [
                "", "model", "no_such_field", "dialog.message.role", "dialog.message_history[0].content.url",
                "dialog.message.content[0].mime_type", "sampling_params.top_k",
                "available_tools[0].input_shields[0].shield_type",
                "dialog.message.tool_responses[0].content[0].url",
            ]), "\(fields.sorted())")
    }
}
