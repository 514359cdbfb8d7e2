/// Does `count` things side by side, at most `runningMax` at a time; hears of their ends in their order.
///
/// - Parameters:
///   - starting: called in order, before each is begun.
///   - work: one of them. When one throws, the others are cancelled.
///   - ended: called in order, with each result.
func inOrder<Value: Sendable>(
    _ count: Int, runningMax: Int = .max, starting: (Int) async throws -> Void = { _ in },
    _ work: @escaping @Sendable (Int) async throws -> Value, ended: (Int, Value) async throws -> Void
) async throws {
    try await withThrowingTaskGroup(of: (Int, Value).self) { group in
        var started = 0
        func start() async throws {
            guard started < count else { return }
            let index = started
            started += 1
            try await starting(index)
            group.addTask { (index, try await work(index)) }
        }
        for _ in 0..<min(count, runningMax) { try await start() }
        var early: [Int: Value] = [:]
        var told = 0
        while let (index, value) = try await group.next() {
            early[index] = value
            try await start()
            while let next = early.removeValue(forKey: told) {
                try await ended(told, next)
                told += 1
            }
        }
    }
}

/// The results of `count` things that are done side by side, in their order.
func inOrder<Value: Sendable>(
    _ count: Int, _ work: @escaping @Sendable (Int) async throws -> Value
) async throws -> [Value] {
    var values: [Value] = []
    try await inOrder(count, work) { values.append($1) }
    return values
}
