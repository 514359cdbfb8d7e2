/// Something an agent did in a turn. `step_type` tells which.
public enum ExecutionStep: WireValue, Hashable {
    /// The model was asked.
    case modelInference(ModelInferenceStep)
    /// Tools were run.
    case toolExecution(ToolExecutionStep)
    /// Shields were run.
    case safetyFiltering(SafetyFilteringStep)
    /// Memory banks were searched.
    case memoryRetrieval(MemoryRetrievalStep)

    /// The value of `step_type`.
    public var type: ExecutionStepType {
        switch self {
        case .modelInference: .modelInference
        case .toolExecution: .toolExecution
        case .safetyFiltering: .safetyFiltering
        case .memoryRetrieval: .memoryRetrieval
        }
    }

    /// One of the four steps; in the document the alias `ExecutionStep`.
    public static var schema: Schema {
        .named(
            "ExecutionStep",
            .oneOf([
                ModelInferenceStep.schema, ToolExecutionStep.schema, SafetyFilteringStep.schema,
                MemoryRetrievalStep.schema,
            ]))
    }

    /// The step's own object.
    public var json: JSON {
        switch self {
        case .modelInference(let step): step.json
        case .toolExecution(let step): step.json
        case .safetyFiltering(let step): step.json
        case .memoryRetrieval(let step): step.json
        }
    }
    /// The step's size.
    public func measure(_ bytesLeft: inout Int) {
        switch self {
        case .modelInference(let step): step.measure(&bytesLeft)
        case .toolExecution(let step): step.measure(&bytesLeft)
        case .safetyFiltering(let step): step.measure(&bytesLeft)
        case .memoryRetrieval(let step): step.measure(&bytesLeft)
        }
    }

    /// Reads the step that `step_type` names. Throws a ``WireError`` when that is missing or unknown, and when the rest
    /// does not fit it.
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
