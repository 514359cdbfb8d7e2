/// One metadata value. Strings and arrays stay in the file until they are asked for.
package enum GGUFValue: Sendable {
    case unsigned(UInt64)
    case signed(Int64)
    case float(Double)
    case bool(Bool)
    case string(GGUFBytes)
    case numbers(GGUFNumbers)
    case strings(GGUFStrings)

    /// For messages.
    var kind: String {
        switch self {
        case .unsigned(let value): "the integer \(value)"
        case .signed(let value): "the integer \(value)"
        case .float(let value): "the number \(value)"
        case .bool(let value): "\(value)"
        case .string(let value): "the string \(value.lossyString.quotedForMessage())"
        case .numbers(let values): "an array of \(values.count) \(values.type.name)"
        case .strings(let values): "an array of \(values.count) strings"
        }
    }
}

/// A run of bytes of the file. Keeps the file mapped.
package struct GGUFBytes: Sendable {
    let file: MappedFile
    let range: Range<Int>

    package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: file.bytes[range]) }
    var lossyString: String { String(decoding: bytes.prefix(256), as: UTF8.self) }
}

/// The scalar types of metadata, with the format's numbers.
package enum GGUFScalarType: UInt32, Sendable {
    case uint8, int8, uint16, int16, uint32, int32, float32, bool
    case uint64 = 10, int64, float64

    var byteCount: Int {
        switch self {
        case .uint8, .int8, .bool: 1
        case .uint16, .int16: 2
        case .uint32, .int32, .float32: 4
        case .uint64, .int64, .float64: 8
        }
    }

    var name: String { "\(self)" }

    /// The value at `pointer`, which has `byteCount` bytes; nil for a bool that is neither 0 nor 1.
    func load(_ pointer: UnsafeRawPointer) -> GGUFValue? {
        func raw<T: FixedWidthInteger & BitwiseCopyable>(_: T.Type) -> T {
            T(littleEndian: pointer.loadUnaligned(as: T.self))
        }
        switch self {
        case .uint8: return .unsigned(UInt64(raw(UInt8.self)))
        case .uint16: return .unsigned(UInt64(raw(UInt16.self)))
        case .uint32: return .unsigned(UInt64(raw(UInt32.self)))
        case .uint64: return .unsigned(raw(UInt64.self))
        case .int8: return .signed(Int64(raw(Int8.self)))
        case .int16: return .signed(Int64(raw(Int16.self)))
        case .int32: return .signed(Int64(raw(Int32.self)))
        case .int64: return .signed(raw(Int64.self))
        case .float32: return .float(Double(Float(bitPattern: raw(UInt32.self))))
        case .float64: return .float(Double(bitPattern: raw(UInt64.self)))
        case .bool:
            let byte = raw(UInt8.self)
            return byte > 1 ? nil : .bool(byte == 1)
        }
    }
}

/// An array of scalars, in the file.
package struct GGUFNumbers: Sendable {
    package let type: GGUFScalarType
    package let count: Int
    let storage: GGUFBytes

    /// All as f32, whatever number type they have in the file; nil for booleans.
    package func floats() -> [Float]? {
        map {
            switch $0 {
            case .unsigned(let value): Float(value)
            case .signed(let value): Float(value)
            case .float(let value): Float(value)
            default: nil
            }
        }
    }

    /// All as Int; nil when one is not an integer or does not fit.
    package func integers() -> [Int]? {
        map {
            switch $0 {
            case .unsigned(let value): Int(exactly: value)
            case .signed(let value): Int(exactly: value)
            default: nil
            }
        }
    }

    /// All as Bool; integers count where they are 0 or 1.
    package func flags() -> [Bool]? {
        map {
            switch $0 {
            case .bool(let flag): flag
            case .unsigned(let value) where value < 2: value == 1
            case .signed(let value) where value == 0 || value == 1: value == 1
            default: nil
            }
        }
    }

    private func map<T>(_ convert: (GGUFValue) -> T?) -> [T]? {
        var result: [T] = []
        result.reserveCapacity(count)
        guard let base = storage.bytes.baseAddress else { return result }
        for index in 0..<count {
            guard let value = type.load(base + index * type.byteCount), let item = convert(value) else { return nil }
            result.append(item)
        }
        return result
    }
}

/// An array of strings, in the file: a vocabulary of 100,000 tokens costs 4 bytes each and no String.
package struct GGUFStrings: Sendable {
    let storage: GGUFBytes
    /// Where each string's length starts, from the start of `storage`; checked to lie in it, string included.
    let starts: [UInt32]

    package var count: Int { starts.count }

    /// The bytes of string `index`, any bytes, often but not always UTF-8. Valid as long as this array, or the file
    /// that it came from, lives.
    package subscript(index: Int) -> UnsafeRawBufferPointer {
        let all = storage.bytes, start = Int(starts[index])
        let length = UInt64(littleEndian: all.loadUnaligned(fromByteOffset: start, as: UInt64.self))
        return UnsafeRawBufferPointer(rebasing: all[(start + 8)..<(start + 8 + Int(length))])
    }
}
