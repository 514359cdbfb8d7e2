/// Something an agent did in a turn. `step_type` tells which.
public enum ExecutionStep: WireValue, Hashable {
    case modelInference(ModelInferenceStep)
    case toolExecution(ToolExecutionStep)
    case safetyFiltering(SafetyFilteringStep)
    case memoryRetrieval(MemoryRetrievalStep)

    public var type: ExecutionStepType {
        switch self {
        case .modelInference: .modelInference
        case .toolExecution: .toolExecution
        case .safetyFiltering: .safetyFiltering
        case .memoryRetrieval: .memoryRetrieval
        }
    }

    public static var schema: Schema {
        .named(
            "ExecutionStep",
            .oneOf([
                ModelInferenceStep.schema, ToolExecutionStep.schema, SafetyFilteringStep.schema,
                MemoryRetrievalStep.schema,
            ]))
    }

    public var json: JSON {
        switch self {
        case .modelInference(let step): step.json
        case .toolExecution(let step): step.json
        case .safetyFiltering(let step): step.json
        case .memoryRetrieval(let step): step.json
        }
    }

    public init(json: JSON, at path: FieldPath) throws {
        guard case .object(let members) = json else { throw WireError(path, "must be an object, got \(json.kind)") }
        guard let type = members["step_type"] else { throw WireError(path["step_type"], "is required") }
        switch try ExecutionStepType(json: type, at: path["step_type"]) {
        case .modelInference: self = .modelInference(try ModelInferenceStep(json: json, at: path))
        case .toolExecution: self = .toolExecution(try ToolExecutionStep(json: json, at: path))
        case .safetyFiltering: self = .safetyFiltering(try SafetyFilteringStep(json: json, at: path))
        case .memoryRetrieval: self = .memoryRetrieval(try MemoryRetrievalStep(json: json, at: path))
        }
    }
}
