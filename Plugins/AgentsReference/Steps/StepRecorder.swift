import Foundation
import ProviderKit

/// Tells of a turn's steps as events while they happen, and keeps them for the turn.
struct StepRecorder: Sendable {
    typealias Event = AgenticSystemExecuteResponseStreamChunk

    /// A step under way.
    struct Open: Sendable {
        let uuid = UUID().uuidString.lowercased()
        let type: ExecutionStepType
    }

    private let stream: EventStream<Event>
    /// Those that have ended.
    private(set) var steps: [ExecutionStep] = []

    init(_ stream: EventStream<Event>) { self.stream = stream }

    func begin(_ type: ExecutionStepType) async throws -> Open {
        let step = Open(type: type)
        try await stream.send(Event(eventType: .stepStart, stepUUID: step.uuid, stepType: type))
        return step
    }

    /// - Parameter fill: sets what the event tells.
    func progress(_ step: Open, _ fill: (inout Event) -> Void) async throws {
        var event = Event(eventType: .stepProgress, stepUUID: step.uuid, stepType: step.type)
        fill(&event)
        try await stream.send(event)
    }

    /// - Parameter record: what the turn keeps of the step.
    mutating func end(
        _ step: Open, _ record: ExecutionStep, violation: SafetyViolation? = nil, stopReason: StopReason? = nil
    ) async throws {
        try await stream.send(
            Event(
                eventType: .stepEnd, stepUUID: step.uuid, stepType: step.type, violation: violation,
                stopReason: stopReason))
        steps.append(record)
    }
}
