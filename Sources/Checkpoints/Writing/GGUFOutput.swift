import CKernels
import DurableFiles

/// Writes a GGUF file, either after the model of another, with all of its metadata as it stands there, or with its own.
package enum GGUFOutput {
    /// One tensor of the file to be.
    package struct Tensor {
        package let name: String
        package let type: lk_type
        /// Outermost first: `[outputs, inputs]`.
        package let shape: [Int]
        package let byteCount: Int
        /// Writes `byteCount` bytes.
        let body: (FileOutput) throws(FileError) -> Void

        package init(
            _ name: String, _ type: lk_type, _ shape: [Int], byteCount: Int,
            body: @escaping (FileOutput) throws(FileError) -> Void
        ) {
            (self.name, self.type, self.shape, self.byteCount, self.body) = (name, type, shape, byteCount, body)
        }

        /// A tensor of 32-bit floats, as many as its shape says, which are made when they are written.
        package init(_ name: String, shape: [Int], floats: @escaping () -> [Float]) {
            self.init(name, LK_F32, shape, byteCount: shape.reduce(MemoryLayout<Float>.stride, *)) {
                output throws(FileError) in try output.write(floats())
            }
        }

        /// A tensor as it stands in a file.
        package init(copying tensor: GGUFTensor) {
            self.init(tensor.name, tensor.type, tensor.dimensions.reversed(), byteCount: tensor.byteRange.count) {
                output throws(FileError) in try output.write(tensor.bytes)
            }
        }
    }

    /// Writes a whole file, its tensors in the order given, each on the source's alignment. Bringing it to the disk is
    /// the caller's (`FileOutput.create`).
    /// - Parameters:
    ///   - source: the file whose metadata is copied; how it was cut into parts is left out.
    ///   - numbers: keys of 32-bit numbers that get another value, or are added.
    package static func write(
        _ tensors: [Tensor], metadataOf source: GGUFFile, setting numbers: KeyValuePairs<String, UInt32> = [:],
        to output: FileOutput
    ) throws(FileError) {
        let changed = Set(numbers.map(\.key))
        let kept = source.metadataPlaces.filter { !changed.contains($0.key) && !$0.key.hasPrefix("split.") }
        try output.write("GGUF")
        try output.write(UInt32(3))
        try output.write(UInt64(tensors.count))
        try output.write(UInt64(kept.count + numbers.count))
        for (_, range) in kept { try output.write(UnsafeRawBufferPointer(rebasing: source.file.bytes[range])) }
        for (key, value) in numbers { try write(key, .uint32(value), to: output) }
        try write(tensors, alignment: source.alignment, to: output)
    }

    /// One value of metadata.
    package enum Value {
        case uint32(UInt32)
        case float32(Float)
        case string(String)
    }

    /// Writes a whole file with metadata of its own, its tensors in the order given.
    package static func write(
        _ tensors: [Tensor], metadata: [(key: String, value: Value)], to output: FileOutput
    ) throws(FileError) {
        try output.write("GGUF")
        try output.write(UInt32(3))
        try output.write(UInt64(tensors.count))
        try output.write(UInt64(metadata.count))
        for (key, value) in metadata { try write(key, value, to: output) }
        try write(tensors, alignment: 32, to: output)
    }

    private static func write(_ key: String, _ value: Value, to output: FileOutput) throws(FileError) {
        try write(key, to: output)
        switch value {
        case .uint32(let number):
            try output.write(GGUFScalarType.uint32.rawValue)
            try output.write(number)
        case .float32(let number):
            try output.write(GGUFScalarType.float32.rawValue)
            try output.write(number.bitPattern)
        case .string(let text):
            try output.write(UInt32(8))
            try write(text, to: output)
        }
    }

    /// Names, shapes and places, then the tensors themselves.
    private static func write(
        _ tensors: [Tensor], alignment: Int, to output: FileOutput
    ) throws(FileError) {
        func padding(_ count: Int) -> Int { (alignment - count % alignment) % alignment }
        var offset = 0
        for tensor in tensors {
            try write(tensor.name, to: output)
            try output.write(UInt32(tensor.shape.count))
            for dimension in tensor.shape.reversed() { try output.write(UInt64(dimension)) }
            try output.write(tensor.type.rawValue)
            try output.write(UInt64(offset))
            offset += tensor.byteCount + padding(tensor.byteCount)
        }
        try output.write(zeros: padding(output.count))
        for tensor in tensors {
            let start = output.count
            try tensor.body(output)
            precondition(output.count - start == tensor.byteCount, "a tensor writes the bytes that it announced")
            try output.write(zeros: padding(tensor.byteCount))
        }
    }

    private static func write(_ text: String, to output: FileOutput) throws(FileError) {
        try output.write(UInt64(text.utf8.count))
        try output.write(text)
    }
}
