/// Reads the pickle of a file that torch saved: a dictionary of tensors, and nothing else. A pickle is a program; this
/// knows the few instructions that rebuild tensors and refuses every other one, so nothing of the file is ever
/// executed. The format: Python's `pickletools`.
struct TorchPickle {
    /// The place of a tensor: which storage, and where in it.
    struct TensorPlace: Equatable {
        var storage: Storage
        /// In values, as all numbers here.
        var offset: Int
        var shape: [Int]
        var strides: [Int]
    }

    struct Storage: Equatable {
        /// torch's name of the class: `BFloat16Storage`.
        var type: String
        /// The name of its file below `data/`.
        var key: String
        var count: Int
    }

    static let bytesMax = 16 << 20
    static let stackMax = 10_000
    static let memoMax = 1 << 20
    static let tensorsMax = 65_536
    static let tupleItemsMax = 32
    static let stringBytesMax = 4096
    static let depthMax = 8

    /// The classes and functions that may be named.
    private static let globals: Set<String> = [
        "torch._utils _rebuild_tensor_v2", "torch._utils _rebuild_parameter", "collections OrderedDict",
        "torch FloatStorage", "torch HalfStorage", "torch BFloat16Storage", "torch DoubleStorage", "torch LongStorage",
        "torch IntStorage", "torch ShortStorage", "torch CharStorage", "torch ByteStorage", "torch BoolStorage",
        "torch ComplexFloatStorage", "torch ComplexDoubleStorage",
    ]

    private final class Dictionary {
        var tensors: [String: TensorPlace] = [:]
    }

    private enum Value {
        case mark, nothing
        case bool(Bool)
        case integer(Int)
        case string(String)
        case tuple([Value], depth: Int)
        case global(String)
        case storage(Storage)
        case tensor(TensorPlace)
        case dictionary(Dictionary)

        var depth: Int { if case .tuple(_, let depth) = self { depth } else { 0 } }
    }

    private let bytes: UnsafeRawBufferPointer
    private let path: String
    /// Where `bytes` begin in the file.
    private let start: Int
    private var offset = 0
    private var stack: [Value] = []
    private var memo: [Int: Value] = [:]
    private var tensorCount = 0

    /// The tensors of the pickle in `range` of `file`.
    static func tensors(
        in file: MappedFile, _ range: Range<Int>
    ) throws(CheckpointError) -> [String: TensorPlace] {
        var pickle = TorchPickle(file, range)
        return try pickle.run()
    }

    private init(_ file: MappedFile, _ range: Range<Int>) {
        bytes = UnsafeRawBufferPointer(rebasing: file.bytes[range])
        (path, start) = (file.path, range.lowerBound)
    }

    private func refuse(_ found: String, _ wanted: String) -> CheckpointError {
        CheckpointError(path: path, field: "pickle", offset: start + offset, found: found, wanted: wanted)
    }

    // MARK: The machine

    private mutating func run() throws(CheckpointError) -> [String: TensorPlace] {
        guard bytes.count <= Self.bytesMax else {
            throw refuse("\(bytes.count) bytes", "at most bytesMax = \(Self.bytesMax)")
        }
        guard try byte() == 0x80, (2...5).contains(try byte()) else {
            throw refuse("another protocol", "a pickle of protocol 2, as torch saves")
        }
        while true {
            let at = offset
            let code = try byte()
            if code == UInt8(ascii: ".") { break }
            guard try isTaken(code) else {
                offset = at
                throw refuse(
                    "the instruction 0x\(String(code, radix: 16))",
                    "tensors by name alone (nothing of a checkpoint is executed)")
            }
        }
        guard stack.count == 1, case .dictionary(let dictionary) = stack[0], !dictionary.tensors.isEmpty else {
            throw refuse("something else", "a dictionary of tensors")
        }
        return dictionary.tensors
    }

    /// False for an instruction that is not known.
    private mutating func isTaken(_ code: UInt8) throws(CheckpointError) -> Bool {
        switch code {
        case UInt8(ascii: "}"): try push(.dictionary(Dictionary()))
        case UInt8(ascii: ")"): try push(.tuple([], depth: 1))
        case UInt8(ascii: "("): try push(.mark)
        case UInt8(ascii: "N"): try push(.nothing)
        case 0x88, 0x89: try push(.bool(code == 0x88))
        case UInt8(ascii: "K"): try push(.integer(Int(try byte())))
        case UInt8(ascii: "M"): try push(.integer(Int(try little(UInt16.self))))
        case UInt8(ascii: "J"): try push(.integer(Int(try little(Int32.self))))
        case 0x8A: try push(.integer(try longInteger()))
        case UInt8(ascii: "X"): try push(.string(try text(Int(try little(UInt32.self)))))
        case UInt8(ascii: "c"): try push(.global(try global()))
        case UInt8(ascii: "q"): try remember(Int(try byte()))
        case UInt8(ascii: "r"): try remember(Int(try little(UInt32.self)))
        case UInt8(ascii: "h"): try recall(Int(try byte()))
        case UInt8(ascii: "j"): try recall(Int(try little(UInt32.self)))
        case 0x85, 0x86, 0x87: try pushTuple(try pop(Int(code) - 0x84))
        case UInt8(ascii: "t"): try pushTuple(try popToMark())
        case UInt8(ascii: "Q"): try push(.storage(try storage(try pop(1)[0])))
        case UInt8(ascii: "R"):
            let parts = try pop(2)
            try push(try call(parts[0], parts[1]))
        case UInt8(ascii: "s"): try setItems(try pop(2))
        case UInt8(ascii: "u"): try setItems(try popToMark())
        // The state of an OrderedDict: notes that hold no weights.
        case UInt8(ascii: "b"): _ = try pop(1)
        default: return false
        }
        return true
    }

    private mutating func push(_ value: Value) throws(CheckpointError) {
        guard stack.count < Self.stackMax else {
            throw refuse("more than \(Self.stackMax) values at once", "at most stackMax = \(Self.stackMax)")
        }
        stack.append(value)
    }

    private mutating func pop(_ count: Int) throws(CheckpointError) -> [Value] {
        guard stack.count >= count else { throw refuse("too few values", "\(count) for this instruction") }
        let values = Array(stack.suffix(count))
        stack.removeLast(count)
        return values
    }

    private mutating func popToMark() throws(CheckpointError) -> [Value] {
        guard let mark = stack.lastIndex(where: { if case .mark = $0 { true } else { false } }) else {
            throw refuse("no mark", "one for this instruction")
        }
        let values = Array(stack[(mark + 1)...])
        stack.removeSubrange(mark...)
        return values
    }

    private mutating func pushTuple(_ items: [Value]) throws(CheckpointError) {
        let depth = 1 + (items.map(\.depth).max() ?? 0)
        guard items.count <= Self.tupleItemsMax, depth <= Self.depthMax else {
            throw refuse("\(items.count) values in a tuple \(depth) deep", "what a tensor takes")
        }
        try push(.tuple(items, depth: depth))
    }

    private mutating func remember(_ index: Int) throws(CheckpointError) {
        guard let value = stack.last else { throw refuse("no value", "one to remember") }
        memo[index] = value
        guard memo.count <= Self.memoMax else {
            throw refuse("more than \(Self.memoMax) remembered values", "at most memoMax = \(Self.memoMax)")
        }
    }

    private mutating func recall(_ index: Int) throws(CheckpointError) {
        guard let value = memo[index] else { throw refuse("value \(index)", "one that was remembered") }
        try push(value)
    }

    /// Values that are no tensors are notes of the trainer; a tensor by a key that is no text has no name.
    private mutating func setItems(_ items: [Value]) throws(CheckpointError) {
        guard case .dictionary(let dictionary) = stack.last, items.count % 2 == 0 else {
            throw refuse("no dictionary", "one to put names and values in")
        }
        for index in stride(from: 0, to: items.count, by: 2) {
            guard case .tensor(let tensor) = items[index + 1] else { continue }
            guard case .string(let name) = items[index] else { throw refuse("a tensor without a name", "a text") }
            guard dictionary.tensors.updateValue(tensor, forKey: name) == nil else {
                throw refuse("tensor \(name.quotedForMessage()) again", "each name once")
            }
            tensorCount += 1
            guard tensorCount <= Self.tensorsMax else {
                throw refuse("more than \(Self.tensorsMax) tensors", "at most tensorsMax = \(Self.tensorsMax)")
            }
        }
    }

    // MARK: The calls that rebuild tensors

    private func call(_ function: Value, _ arguments: Value) throws(CheckpointError) -> Value {
        guard case .global(let name) = function, case .tuple(let arguments, _) = arguments else {
            throw refuse("a call of something else", "one that rebuilds a tensor")
        }
        switch name {
        case "collections OrderedDict" where arguments.isEmpty:
            return .dictionary(Dictionary())
        case "torch._utils _rebuild_parameter":
            if case .tensor = arguments.first { return arguments[0] }
        case "torch._utils _rebuild_tensor_v2":
            if arguments.count >= 4, case .storage(let storage) = arguments[0],
                case .integer(let offset) = arguments[1],
                let shape = integers(arguments[2]), let strides = integers(arguments[3]), shape.count == strides.count
            {
                return .tensor(TensorPlace(storage: storage, offset: offset, shape: shape, strides: strides))
            }
        default: break
        }
        throw refuse("a call of \(name.quotedForMessage()) with other arguments", "one that rebuilds a tensor")
    }

    private func integers(_ value: Value) -> [Int]? {
        guard case .tuple(let items, _) = value else { return nil }
        var integers: [Int] = []
        for item in items {
            guard case .integer(let integer) = item else { return nil }
            integers.append(integer)
        }
        return integers
    }

    /// `('storage', class, key, device, count)`
    private func storage(_ value: Value) throws(CheckpointError) -> Storage {
        guard case .tuple(let items, _) = value, items.count == 5, case .string("storage") = items[0],
            case .global(let type) = items[1], type.hasPrefix("torch "), type.hasSuffix("Storage"),
            case .string(let key) = items[2], case .integer(let count) = items[4], count >= 0
        else { throw refuse("a reference to something else", "one to a tensor's values") }
        return Storage(type: String(type.dropFirst("torch ".count)), key: key, count: count)
    }

    // MARK: Bytes

    private mutating func byte() throws(CheckpointError) -> UInt8 {
        guard offset < bytes.count else { throw refuse("the end", "more of the pickle") }
        defer { offset += 1 }
        return bytes[offset]
    }

    private mutating func little<T: FixedWidthInteger & BitwiseCopyable>(_: T.Type) throws(CheckpointError) -> T {
        guard MemoryLayout<T>.size <= bytes.count - offset else { throw refuse("the end", "more of the pickle") }
        defer { offset += MemoryLayout<T>.size }
        return T(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: T.self))
    }

    /// Two's complement of up to 8 bytes, as sizes of large tensors are written.
    private mutating func longInteger() throws(CheckpointError) -> Int {
        let count = Int(try byte())
        guard count <= 8 else { throw refuse("an integer of \(count) bytes", "at most 8") }
        var value: UInt64 = 0
        var last: UInt8 = 0
        for index in 0..<count {
            last = try byte()
            value |= UInt64(last) << (8 * UInt64(index))
        }
        if last & 0x80 != 0, count < 8 { value |= UInt64.max << (8 * UInt64(count)) }
        return Int(Int64(bitPattern: value))
    }

    private mutating func text(_ count: Int) throws(CheckpointError) -> String {
        guard count <= Self.stringBytesMax, count <= bytes.count - offset,
            let text = String(validating: bytes[offset..<offset + count], as: UTF8.self)
        else { throw refuse("a text of \(count) bytes", "UTF-8 of at most \(Self.stringBytesMax) bytes") }
        offset += count
        return text
    }

    /// Two lines, module and name.
    private mutating func global() throws(CheckpointError) -> String {
        let begin = offset
        var lines = 0
        while lines < 2, offset - begin < 256 { if try byte() == 0x0A { lines += 1 } }
        let name = String(decoding: bytes[begin..<offset], as: UTF8.self).split(separator: "\n").joined(separator: " ")
        guard lines == 2, Self.globals.contains(name) else {
            offset = begin
            throw refuse(
                "a use of \(name.quotedForMessage())", "tensors alone (nothing of a checkpoint is executed)")
        }
        return name
    }
}
