extension GGUFFile {
    // Each answers nil for a key that is not there and throws when the value is of another kind.

    package func string(_ key: String) throws -> String? {
        guard let value = metadata[key] else { return nil }
        guard case .string(let bytes) = value else { throw refuse(key, value, "a string") }
        guard let text = String(validating: bytes.bytes, as: UTF8.self) else {
            throw refuse(key, value, "text in UTF-8", at: bytes.range.lowerBound)
        }
        return text
    }

    package func int(_ key: String) throws -> Int? {
        guard let value = metadata[key] else { return nil }
        switch value {
        case .unsigned(let number): if let exact = Int(exactly: number) { return exact }
        case .signed(let number): if let exact = Int(exactly: number) { return exact }
        default: break
        }
        throw refuse(key, value, "an integer")
    }

    /// The number of a token. The largest of 64 bits is the -1 of a converter that has none.
    package func tokenID(_ key: String) throws -> Int? {
        if case .unsigned(let number)? = metadata[key] { return Int(truncatingIfNeeded: number) }
        return try int(key)
    }

    /// Integers count as numbers too.
    package func float(_ key: String) throws -> Double? {
        guard let value = metadata[key] else { return nil }
        switch value {
        case .float(let number): return number
        case .unsigned(let number): return Double(number)
        case .signed(let number): return Double(number)
        default: throw refuse(key, value, "a number")
        }
    }

    package func bool(_ key: String) throws -> Bool? {
        guard let value = metadata[key] else { return nil }
        guard case .bool(let flag) = value else { throw refuse(key, value, "true or false") }
        return flag
    }

    /// The array's strings, still in the file.
    package func strings(_ key: String) throws -> GGUFStrings? {
        guard let value = metadata[key] else { return nil }
        guard case .strings(let strings) = value else { throw refuse(key, value, "an array of strings") }
        return strings
    }

    package func floats(_ key: String) throws -> [Float]? {
        guard let value = metadata[key] else { return nil }
        guard case .numbers(let numbers) = value, let floats = numbers.floats() else {
            throw refuse(key, value, "an array of numbers")
        }
        return floats
    }

    package func ints(_ key: String) throws -> [Int]? {
        guard let value = metadata[key] else { return nil }
        guard case .numbers(let numbers) = value, let integers = numbers.integers() else {
            throw refuse(key, value, "an array of integers")
        }
        return integers
    }

    // The same for keys that a model cannot do without.

    package func requiredString(_ key: String) throws -> String { try require(key, string(key), "a string") }

    package func requiredStrings(_ key: String) throws -> GGUFStrings {
        try require(key, strings(key), "an array of strings")
    }

    private func require<T>(_ key: String, _ value: T?, _ wanted: String) throws -> T {
        guard let value else {
            throw CheckpointError(
                path: path, field: "metadata '\(key)'", offset: nil, found: "no such key", wanted: wanted)
        }
        return value
    }

    private func refuse(_ key: String, _ value: GGUFValue, _ wanted: String, at offset: Int? = nil) -> CheckpointError {
        CheckpointError(path: path, field: "metadata '\(key)'", offset: offset, found: value.kind, wanted: wanted)
    }
}
