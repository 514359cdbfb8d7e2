extension GGUFCursor {
    /// Magic, version and the two counts.
    mutating func preamble() throws -> (version: UInt32, tensors: Int, keys: Int) {
        let magic = try integer(UInt32.self, "magic number")
        guard magic == 0x4655_4747 else {
            let form = ForeignFile(bytes: file.bytes).form
            throw refuse(
                "magic number", at: 0, found: form.map { "\(hex(magic)): \($0)" } ?? hex(magic),
                wanted: "'GGUF' (is this a GGUF file?)")
        }
        let version = try integer(UInt32.self, "version")
        guard version == 2 || version == 3 else {
            let isSwapped = version.byteSwapped == 2 || version.byteSwapped == 3
            throw refuse(
                "version", at: 4, found: isSwapped ? "a big-endian file" : "\(version)",
                wanted: "little-endian version 2 or 3")
        }
        // A tensor takes 8 + 1 + 4 + 8 + 4 + 8 bytes at least, a key 8 + 1 + 4 + 1.
        let tensors = try count(of: 33, limit: limits.tensorsMax, "tensorsMax", "tensor count")
        let keys = try count(of: 14, limit: limits.metadataKeysMax, "metadataKeysMax", "metadata count")
        return (version, tensors, keys)
    }

    private func hex(_ value: UInt32) -> String { "0x" + String(value, radix: 16) }

    /// The values, and where each key lies with its value, in the order of the file.
    mutating func metadata(
        count: Int
    ) throws -> (values: [String: GGUFValue], places: [(key: String, range: Range<Int>)]) {
        var values: [String: GGUFValue] = [:]
        var places: [(key: String, range: Range<Int>)] = []
        for index in 0..<count {
            let start = offset
            let key = try name("metadata key \(index)")
            guard values[key] == nil else {
                throw refuse(
                    "metadata key \(index)", at: start, found: "\(key.quotedForMessage()) again",
                    wanted: "each key once")
            }
            values[key] = try value(of: key.quotedForMessage())
            places.append((key, start..<offset))
        }
        return (values, places)
    }

    private mutating func value(of key: String) throws -> GGUFValue {
        let start = offset
        let type = try integer(UInt32.self, "type of metadata \(key)")
        switch type {
        case 8:
            return .string(
                GGUFBytes(
                    file: file, range: try string(bytesMax: limits.stringBytesMax, "stringBytesMax", "metadata \(key)"))
            )
        case 9:
            return try array(of: key)
        default:
            guard let scalar = GGUFScalarType(rawValue: type) else {
                throw refuse("type of metadata \(key)", at: start, found: "\(type)", wanted: "a type from 0 to 12")
            }
            let at = try take(scalar.byteCount, "metadata \(key)")
            guard let base = file.bytes.baseAddress, let value = scalar.load(base + at) else {
                throw refuse("metadata \(key)", at: at, found: "\(file.bytes[at])", wanted: "0 or 1 for a bool")
            }
            return value
        }
    }

    private mutating func array(of key: String) throws -> GGUFValue {
        let start = offset
        let type = try integer(UInt32.self, "element type of metadata \(key)")
        if type == 8 { return .strings(try stringArray(of: key)) }
        guard let scalar = GGUFScalarType(rawValue: type) else {
            throw refuse(
                "element type of metadata \(key)", at: start, found: type == 9 ? "arrays in an array" : "\(type)",
                wanted: "strings or scalars")
        }
        let items = try count(
            of: scalar.byteCount, limit: limits.arrayItemsMax, "arrayItemsMax", "item count of metadata \(key)")
        let at = try take(items * scalar.byteCount, "metadata \(key)")
        return .numbers(
            GGUFNumbers(
                type: scalar, count: items,
                storage: GGUFBytes(file: file, range: at..<(at + items * scalar.byteCount))))
    }

    private mutating func stringArray(of key: String) throws -> GGUFStrings {
        let items = try count(
            of: 8, limit: limits.arrayItemsMax, "arrayItemsMax", "item count of metadata \(key)")
        let start = offset
        // A header is less than 4 GiB unless somebody sets the limit so: then the array is.
        guard limits.headerBytesMax <= UInt32.max else {
            throw refuse(
                "metadata \(key)", found: "headerBytesMax = \(limits.headerBytesMax)", wanted: "less than 4 GiB")
        }
        var starts: [UInt32] = []
        starts.reserveCapacity(items)  // no more than an eighth of what is left: `count` saw to that
        for index in 0..<items {
            starts.append(UInt32(offset - start))
            if !skipString(bytesMax: limits.stringBytesMax) {  // again, for the message
                _ = try string(bytesMax: limits.stringBytesMax, "stringBytesMax", "item \(index) of metadata \(key)")
            }
        }
        return GGUFStrings(storage: GGUFBytes(file: file, range: start..<offset), starts: starts)
    }

    /// `general.alignment`, or the format's default.
    func alignment(in metadata: [String: GGUFValue]) throws -> Int {
        guard let value = metadata["general.alignment"] else { return 32 }
        guard case .unsigned(let number) = value, let alignment = Int(exactly: number), alignment > 0,
            alignment & (alignment - 1) == 0, alignment <= limits.alignmentMax
        else {
            throw CheckpointError(
                path: file.path, field: "metadata 'general.alignment'", offset: nil, found: value.kind,
                wanted: "a power of two up to alignmentMax = \(limits.alignmentMax)")
        }
        return alignment
    }
}
