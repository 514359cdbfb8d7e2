import Checkpoints
import Foundation

/// Writes small GGUF files for tests, and lies on request.
package struct GGUFWriter {
    package var version: UInt32 = 3
    package var alignment = 32
    /// In place of the true ones.
    package var claimedTensors: UInt64?
    package var claimedKeys: UInt64?
    private var keys: [(name: [UInt8], type: UInt32, value: [UInt8])] = []
    private var tensors: [Tensor] = []

    package init() {}

    package struct Tensor {
        package var name: String
        package var type: UInt32
        package var dimensions: [UInt64]
        package var data: [UInt8]
        /// In place of the next free one.
        package var offset: UInt64?

        package init(name: String, type: UInt32, dimensions: [UInt64], data: [UInt8], offset: UInt64? = nil) {
            (self.name, self.type, self.dimensions, self.data, self.offset) = (name, type, dimensions, data, offset)
        }
    }

    package mutating func add(_ key: String, type: UInt32, bytes: [UInt8]) {
        keys.append((Array(key.utf8), type, bytes))
    }

    package mutating func add(_ key: String, _ value: String) {
        add(key, type: 8, bytes: Self.string(Array(value.utf8)))
    }
    package mutating func add(_ key: String, _ value: UInt32) { add(key, type: 4, bytes: Self.little(value)) }
    package mutating func add(_ key: String, _ value: UInt64) { add(key, type: 10, bytes: Self.little(value)) }
    package mutating func add(_ key: String, _ value: Int32) { add(key, type: 5, bytes: Self.little(value)) }
    package mutating func add(_ key: String, _ value: Float) { add(key, type: 6, bytes: Self.little(value.bitPattern)) }
    package mutating func add(_ key: String, _ value: Bool) { add(key, type: 7, bytes: [value ? 1 : 0]) }

    package mutating func add(_ key: String, _ values: [String]) {
        let items = values.flatMap { Self.string(Array($0.utf8)) }
        add(key, type: 9, bytes: Self.little(UInt32(8)) + Self.little(UInt64(values.count)) + items)
    }

    package mutating func add(_ key: String, _ values: [Float]) {
        let items = values.flatMap { Self.little($0.bitPattern) }
        add(key, type: 9, bytes: Self.little(UInt32(6)) + Self.little(UInt64(values.count)) + items)
    }

    package mutating func add(_ key: String, _ values: [Int32]) {
        add(
            key, type: 9,
            bytes: Self.little(UInt32(5)) + Self.little(UInt64(values.count)) + values.flatMap(Self.little))
    }

    package mutating func add(_ tensor: Tensor) { tensors.append(tensor) }

    package mutating func addTensor(_ name: String, _ dimensions: [Int], _ values: [Float]) {
        add(
            Tensor(
                name: name, type: 0, dimensions: dimensions.map { UInt64($0) },
                data: values.flatMap { Self.little($0.bitPattern) }, offset: nil))
    }

    /// The file, and the number of bytes of its header.
    package func encoded() -> (bytes: [UInt8], headerCount: Int) {
        var bytes = Array("GGUF".utf8) + Self.little(version)
        bytes += Self.little(claimedTensors ?? UInt64(tensors.count)) + Self.little(claimedKeys ?? UInt64(keys.count))
        for key in keys { bytes += Self.string(key.name) + Self.little(key.type) + key.value }
        var data: [UInt8] = []
        for tensor in tensors {
            bytes += Self.string(Array(tensor.name.utf8)) + Self.little(UInt32(tensor.dimensions.count))
            bytes += tensor.dimensions.flatMap(Self.little) + Self.little(tensor.type)
            bytes += Self.little(tensor.offset ?? UInt64(data.count))
            data += tensor.data + [UInt8](repeating: 0, count: padding(data.count + tensor.data.count))
        }
        let headerCount = bytes.count
        return (bytes + [UInt8](repeating: 0, count: padding(headerCount)) + data, headerCount)
    }

    private func padding(_ count: Int) -> Int { (alignment - count % alignment) % alignment }

    package static func string(_ bytes: [UInt8]) -> [UInt8] { little(UInt64(bytes.count)) + bytes }

    package static func little<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }
}

extension GGUFWriter {
    /// A bit of everything; a header of about 4 KB.
    package static func sample() -> GGUFWriter {
        var writer = GGUFWriter()
        writer.add("general.architecture", "llama")
        writer.add("general.alignment", UInt32(32))
        writer.add("llama.block_count", UInt32(2))
        writer.add("llama.context_length", UInt64(8192))
        writer.add("llama.rope.freq_base", Float(100_000))
        writer.add("example.negative", Int32(-7))
        writer.add("tokenizer.ggml.add_bos_token", false)
        writer.add("tokenizer.ggml.tokens", (0..<120).map { "token-\($0)" })
        writer.add("tokenizer.ggml.scores", (0..<40).map { Float($0) / 4 })
        writer.add("tokenizer.ggml.token_type", (0..<40).map { Int32($0) })
        for layer in 0..<8 {
            writer.addTensor("blk.\(layer).attn_norm.weight", [16], (0..<16).map { Float($0 + layer) })
            let block = Array(0..<18).map { UInt8(truncatingIfNeeded: $0 * 7 + layer) }
            writer.add(
                Tensor(
                    name: "blk.\(layer).attn_q.weight", type: 2, dimensions: [64, 4],
                    data: Array(repeating: block, count: 8).flatMap { $0 }, offset: nil))
        }
        return writer
    }
}

/// A file in memory whose last byte is followed by a page that must not be touched: a read beyond the end is a crash,
/// not luck.
package func guardedFile(_ bytes: some Collection<UInt8>) -> MappedFile {
    let page = Int(getpagesize())
    let room = (bytes.count + page - 1) / page * page
    let region = mmap(nil, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)!
    mprotect(region + room, page, PROT_NONE)
    let start = region + (room - bytes.count)
    Array(bytes).withUnsafeBytes { if !$0.isEmpty { start.copyMemory(from: $0.baseAddress!, byteCount: $0.count) } }
    return MappedFile(path: "sample.gguf", bytes: UnsafeRawBufferPointer(start: start, count: bytes.count)) {
        munmap(region, room + page)
    }
}
