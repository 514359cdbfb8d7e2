import ProviderKit

/// Runs `body` for no longer than that; then cancels it, waits for its end, and throws `error`.
func withTimeLimit<Value: Sendable>(
    _ limit: Duration, _ error: ProviderError, _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value?.self) { group in
        group.addTask { try await body() }
        group.addTask {
            try await Task.sleep(for: limit)
            return nil
        }
        defer { group.cancelAll() }
        guard let first = try await group.next(), let value = first else {
            group.cancelAll()
            throw error
        }
        return value
    }
}
