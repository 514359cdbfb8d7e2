/// A value bound to a statement's `$1`, `$2`, …: it travels beside the SQL, in binary, and is never part of it.
package enum Value: Sendable {
    case null
    case bool(Bool)
    case int(Int64)
    case double(Double)
    case text(String)
    case bytes([UInt8])
    /// JSON text, for jsonb.
    case json([UInt8])
    case ints([Int64])
    case texts([String])
    case bytesArray([[UInt8]])
    case jsons([[UInt8]])
    /// pgvector's `vector`; in the SQL as `$1::vector`, because its type has another number in each database.
    case vector([Float])
}

/// Every value of one statement, as libpq wants them.
struct BoundValues {
    private(set) var types: [UInt32] = []
    private(set) var lengths: [Int32] = []
    private var starts: [Int?] = []
    private var bytes: [UInt8] = []

    init(_ values: [Value]) {
        // Large ones are not copied again and again while they are put together.
        bytes.reserveCapacity(values.reduce(values.count * 16) { $0 + $1.bytesMin })
        for value in values {
            types.append(value.type)
            if case .null = value {
                starts.append(nil)
                lengths.append(0)
                continue
            }
            let start = bytes.count
            value.append(to: &bytes)
            starts.append(start)
            lengths.append(Int32(clamping: bytes.count - start))
        }
        // So that the pointer to an empty value at the end is one into the buffer.
        bytes.append(0)
    }

    /// The pointers are good within the body alone.
    func withPointers<Result>(_ body: ([UnsafePointer<CChar>?]) -> Result) -> Result {
        bytes.withUnsafeBytes { buffer in
            body(
                starts.map { start in
                    start.map { buffer.baseAddress!.advanced(by: $0).assumingMemoryBound(to: CChar.self) }
                })
        }
    }
}

extension Value {
    /// The minimum size of its own bytes.
    fileprivate var bytesMin: Int {
        switch self {
        case .bytes(let bytes), .json(let bytes): bytes.count + 16
        case .bytesArray(let all), .jsons(let all): all.reduce(32) { $0 + $1.count + 8 }
        default: 0
        }
    }

    /// The number of the type; 0 leaves it to the server.
    fileprivate var type: UInt32 {
        switch self {
        case .null, .vector: 0
        case .bool: 16
        case .int: 20
        case .double: 701
        case .text: 25
        case .bytes: 17
        case .json: 3802
        case .ints: 1016
        case .texts: 1009
        case .bytesArray: 1001
        case .jsons: 3807
        }
    }

    fileprivate func append(to bytes: inout [UInt8]) {
        switch self {
        case .null: break
        case .bool(let value): bytes.append(UInt8(value ? 1 : 0))
        case .int(let value): bytes.append(value)
        case .double(let value): bytes.append(Int64(bitPattern: value.bitPattern))
        case .text(let value): bytes.append(contentsOf: value.utf8)
        case .bytes(let value): bytes.append(contentsOf: value)
        case .json(let value): bytes.append(json: value)
        case .ints(let values): bytes.append(array: values, of: 20) { $0.append($1) }
        case .texts(let values): bytes.append(array: values, of: 25) { $0.append(contentsOf: $1.utf8) }
        case .bytesArray(let values): bytes.append(array: values, of: 17) { $0.append(contentsOf: $1) }
        case .jsons(let values): bytes.append(array: values, of: 3802) { $0.append(json: $1) }
        case .vector(let values):
            bytes.append(Int16(clamping: values.count))
            bytes.append(Int16(0))
            for value in values { bytes.append(Int32(bitPattern: value.bitPattern)) }
        }
    }
}

extension [UInt8] {
    /// In network order.
    fileprivate mutating func append(_ value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
    }

    /// Version 1 of jsonb's binary format is the text.
    fileprivate mutating func append(json: [UInt8]) {
        append(UInt8(1))
        append(contentsOf: json)
    }

    /// One dimension, no nulls; each element has its length before it.
    fileprivate mutating func append<Item>(
        array elements: [Item], of type: Int32, _ append: (inout [UInt8], Item) -> Void
    ) {
        self.append(Int32(elements.isEmpty ? 0 : 1))
        self.append(Int32(0))
        self.append(type)
        if elements.isEmpty { return }
        self.append(Int32(clamping: elements.count))
        self.append(Int32(1))
        for element in elements {
            let place = count
            self.append(Int32(0))
            append(&self, element)
            let length = Int32(clamping: count - place - 4)
            Swift.withUnsafeBytes(of: length.bigEndian) { replaceSubrange(place..<place + 4, with: $0) }
        }
    }
}
