import CKernels

/// Writes a GGUF file after the model of another: with all of its metadata, as it stands there, and with other tensors.
package enum GGUFOutput {
    /// One tensor of the file to be.
    package struct Tensor {
        package let name: String
        package let type: lk_type
        /// Outermost first: `[outputs, inputs]`.
        package let shape: [Int]
        let byteCount: Int
        /// Writes `byteCount` bytes.
        let body: (FileOutput) throws(FileWriteError) -> Void

        package init(
            _ name: String, _ type: lk_type, _ shape: [Int], byteCount: Int,
            body: @escaping (FileOutput) throws(FileWriteError) -> Void
        ) {
            (self.name, self.type, self.shape, self.byteCount, self.body) = (name, type, shape, byteCount, body)
        }

        /// A tensor of 32-bit floats, as many as its shape says, which are made when they are written.
        package init(_ name: String, shape: [Int], floats: @escaping () -> [Float]) {
            self.init(name, LK_F32, shape, byteCount: shape.reduce(MemoryLayout<Float>.stride, *)) {
                output throws(FileWriteError) in try output.write(floats())
            }
        }

        /// A tensor as it stands in a file.
        package init(copying tensor: GGUFTensor) {
            self.init(tensor.name, tensor.type, tensor.dimensions.reversed(), byteCount: tensor.byteRange.count) {
                output throws(FileWriteError) in try output.write(tensor.bytes)
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
    ) throws(FileWriteError) {
        let changed = Set(numbers.map(\.key))
        let kept = source.metadataPlaces.filter { !changed.contains($0.key) && !$0.key.hasPrefix("split.") }
        try output.write("GGUF")
        try output.write(UInt32(3))
        try output.write(UInt64(tensors.count))
        try output.write(UInt64(kept.count + numbers.count))
        for (_, range) in kept { try output.write(UnsafeRawBufferPointer(rebasing: source.file.bytes[range])) }
        for (key, value) in numbers {
            try write(key, to: output)
            try output.write(GGUFScalarType.uint32.rawValue)
            try output.write(value)
        }
        func padding(_ count: Int) -> Int { (source.alignment - count % source.alignment) % source.alignment }
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

    private static func write(_ text: String, to output: FileOutput) throws(FileWriteError) {
        try output.write(UInt64(text.utf8.count))
        try output.write(text)
    }
}
