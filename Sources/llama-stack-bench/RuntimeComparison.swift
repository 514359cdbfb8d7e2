import CommandSupport
import Foundation
import Host
import LlamaStackAPI

/// The same distribution with its providers in this process and in processes of their own, measured in turn: what the
/// boundary of a process costs.
struct RuntimeComparison {
    /// The number of events of each stream.
    static let eventsPerStream = 20_000

    let manifest: Manifest
    let count: Int
    let concurrency: Int
    let log: LogSink

    /// The measurements of one runtime.
    struct Figures: Sendable {
        /// Microseconds of each call.
        var calls: [Double] = []
        /// The rate of each round of streams.
        var eventsPerSecond: [Double] = []
        /// How long the stack took to start.
        var startMilliseconds = 0.0
    }

    func calls() async throws -> [(name: String, figures: Figures)] {
        try await inTurn { stack, model, figures in
            let times = try await concurrently { try await Self.call(stack, model) }
            figures.calls += times
        }
    }

    func streams() async throws -> [(name: String, figures: Figures)] {
        try await inTurn { stack, model, figures in
            let start = ContinuousClock.now
            let events = try await concurrently { try await Self.stream(stack, model) }
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            figures.eventsPerSecond.append(events.reduce(0, +) / seconds)
        }
    }

    /// `count` rounds, of each runtime in turn. The first tenth warms up.
    private func inTurn(
        _ round: (Stack, String, inout Figures) async throws -> Void
    ) async throws -> [(name: String, figures: Figures)] {
        // Each its own: a state folder belongs to one stack.
        try await manifest.overEmptyState { inline in
            try await manifest.overEmptyState { process in
                try await inTurn([("inline", inline), ("process", process)], round)
            }
        }
    }

    private func inTurn(
        _ manifests: [(name: String, manifest: Manifest)], _ round: (Stack, String, inout Figures) async throws -> Void
    ) async throws -> [(name: String, figures: Figures)] {
        var stacks: [(name: String, stack: Stack, figures: Figures)] = []
        for (name, manifest) in manifests {
            var manifest = manifest
            for index in manifest.providers.indices {
                manifest.providers[index].process = name == "process" ? IsolationSettings() : nil
            }
            let start = ContinuousClock.now
            let stack = try await Stack.start(manifest, log: log)
            var figures = Figures()
            figures.startMilliseconds = (ContinuousClock.now - start) / .milliseconds(1)
            stacks.append((name, stack, figures))
        }
        do {
            for number in 0..<count + count / 10 {
                for index in stacks.indices {
                    guard let model = stacks[index].stack.summary.firstModel else {
                        throw CallError(.modelNotFound, "\(manifest.file) has no models")
                    }
                    var figures = Figures()
                    try await round(stacks[index].stack, model, &figures)
                    guard number >= count / 10 else { continue }
                    stacks[index].figures.calls += figures.calls
                    stacks[index].figures.eventsPerSecond += figures.eventsPerSecond
                }
            }
        } catch {
            for stack in stacks { await stack.stack.shutdown(withinSeconds: 5) }
            throw error
        }
        for stack in stacks { await stack.stack.shutdown(withinSeconds: 5) }
        return stacks.map { ($0.name, $0.figures) }
    }

    private func concurrently(_ body: @escaping @Sendable () async throws -> Double) async throws -> [Double] {
        try await withThrowingTaskGroup(of: Double.self) { group in
            for _ in 0..<concurrency { group.addTask { try await body() } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }

    /// Microseconds of one whole answer.
    private static func call(_ stack: Stack, _ model: String) async throws -> Double {
        let endpoint = Inference.completion.description
        var request = CallRequest(method: endpoint.method)
        request.body = CompletionRequest.line(to: model).json.bytes
        let start = ContinuousClock.now
        _ = try await stack.call(endpoint, resourceName: model, request: request).collect()
        return (ContinuousClock.now - start) / .microseconds(1)
    }

    /// The events of one streamed answer.
    private static func stream(_ stack: Stack, _ model: String) async throws -> Double {
        let endpoint = Inference.completion.description
        var request = CallRequest(method: endpoint.method)
        let text = String(repeating: "word ", count: eventsPerStream)
        var completion = CompletionRequest(content: .text(text), model: PretrainedModel(rawValue: model))
        completion.stream = true
        request.body = completion.json.bytes
        let answer = try stack.call(endpoint, resourceName: model, request: request)
        var events = 0
        while let parts = try await answer.nextParts() { events += parts.count }
        return Double(events)
    }
}
