/// Numbers that a checkpoint states of its model, each read with the range that it must lie in.
struct CheckpointNumbers {
    /// The file, for messages.
    let path: String
    /// The name of a key in messages: "metadata 'llama.block_count'", "'num_hidden_layers'".
    let field: (String) -> String
    /// nil when there is no such key; throws when its value is of another kind.
    let integer: (String) throws -> Int?
    let real: (String) throws -> Double?

    func count(_ key: String, _ range: ClosedRange<Int>, default: Int? = nil) throws -> Int {
        guard let value = try integer(key) ?? `default` else { throw missing(key, "an integer") }
        guard range.contains(value) else {
            throw refuse(key, found: "\(value)", wanted: "\(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    func number(_ key: String, above lower: Double, upTo upper: Double, default: Double? = nil) throws -> Double {
        guard let value = try real(key) ?? `default` else { throw missing(key, "a number") }
        guard value > lower, value <= upper else {
            throw refuse(key, found: "\(value)", wanted: "more than \(lower) and at most \(upper)")
        }
        return value
    }

    /// The heads of queries and of keys and values; the latter divide the former.
    func heads(_ key: String, keysAndValues: String) throws -> (queries: Int, keysAndValues: Int) {
        let heads = try count(key, 1...ModelConfiguration.headsMax)
        let shared = try count(keysAndValues, 1...ModelConfiguration.headsMax, default: heads)
        guard heads % shared == 0 else {
            throw refuse(keysAndValues, found: "\(shared)", wanted: "a divisor of the \(heads) heads of queries")
        }
        return (heads, shared)
    }

    func refuse(_ key: String, found: String, wanted: String) -> CheckpointError {
        CheckpointError(path: path, field: field(key), offset: nil, found: found, wanted: wanted)
    }

    private func missing(_ key: String, _ wanted: String) -> CheckpointError {
        refuse(key, found: "no such key", wanted: wanted)
    }
}
