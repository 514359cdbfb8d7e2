import Synchronization

/// The events of a streamed method whose whole answer is wanted.
final class Collected<Event: Sendable>: Sendable {
    private let events = Mutex<[Event]>([])

    var all: [Event] { events.withLock { $0 } }

    func append(_ event: Event) { events.withLock { $0.append(event) } }
}

/// The most items of one batch that run at once: enough to share an engine's passes, few enough to leave room for other
/// calls.
private let batchWidth = 8

/// Answers each item, several at once, and keeps their order. The first error cancels the rest.
package func inOrder<Item: Sendable, Answer: Sendable>(
    _ items: [Item], _ answer: @escaping @Sendable (Item) async throws -> Answer
) async throws -> [Answer] {
    var answers = [Answer?](repeating: nil, count: items.count)
    try await withThrowingTaskGroup(of: (Int, Answer).self) { group in
        for (index, item) in items.enumerated() {
            if index >= batchWidth, let (done, answer) = try await group.next() { answers[done] = answer }
            group.addTask { (index, try await answer(item)) }
        }
        while let (done, answer) = try await group.next() { answers[done] = answer }
    }
    return answers.compactMap(\.self)
}
