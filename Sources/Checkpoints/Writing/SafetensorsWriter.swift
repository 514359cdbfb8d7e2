import DurableFiles
import LlamaStackAPI

/// Writes files in the safetensors format, byte for byte as its own library does: tensors of wide values first, those
/// of one width by name, and a header that ends on a boundary of 8 bytes, so that every tensor lies aligned to its
/// values.
package enum SafetensorsWriter {
    /// One tensor of the file to be.
    package struct Tensor {
        package let name: String
        package let dtype: SafetensorsFile.DType
        /// Outermost first.
        package let shape: [Int]
        /// Writes the values, little-endian, as many as the shape has.
        let body: (FileOutput) throws(FileError) -> Void

        package init(
            _ name: String, _ dtype: SafetensorsFile.DType, _ shape: [Int],
            body: @escaping (FileOutput) throws(FileError) -> Void
        ) {
            (self.name, self.dtype, self.shape, self.body) = (name, dtype, shape, body)
        }

        package init(_ name: String, shape: [Int], _ floats: [Float]) {
            precondition(floats.count == shape.reduce(1, *), "a tensor has as many values as its shape says")
            self.init(name, .f32, shape) { output throws(FileError) in try output.write(floats) }
        }

        var byteCount: Int { shape.reduce(dtype.byteCount, *) }
    }

    /// Writes a whole file. Bringing it to the disk is the caller's (`FileOutput.create`).
    /// - Parameters:
    ///   - tensors: in any order, each name once.
    ///   - metadata: `__metadata__`; transformers asks for `"format": "pt"`.
    package static func write(
        _ tensors: [Tensor], metadata: [String: String] = [:], to output: FileOutput
    ) throws(FileError) {
        let order = tensors.sorted { ($1.dtype.rank, $0.name) < ($0.dtype.rank, $1.name) }
        let header = header(order, metadata)
        try output.write(UInt64(header.count))
        try output.write(header)
        for tensor in order {
            let start = output.count
            try tensor.body(output)
            precondition(output.count - start == tensor.byteCount, "a tensor writes the bytes that its shape takes")
        }
    }

    private static func header(_ order: [Tensor], _ metadata: [String: String]) -> [UInt8] {
        var header = JSONObject()
        if !metadata.isEmpty {
            var notes = JSONObject()
            for (key, value) in metadata.sorted(by: { $0.key < $1.key }) { notes.append(key, .string(value)) }
            header.append("__metadata__", .object(notes))
        }
        var end = 0
        for tensor in order {
            let begin = end
            end += tensor.byteCount
            header.append(
                tensor.name,
                [
                    "dtype": .string(tensor.dtype.rawValue), "shape": .array(tensor.shape.map { .integer(Int64($0)) }),
                    "data_offsets": [.integer(Int64(begin)), .integer(Int64(end))],
                ])
        }
        let bytes = JSON.object(header).bytes
        return bytes + [UInt8](repeating: 0x20, count: (8 - bytes.count % 8) % 8)
    }
}

extension SafetensorsFile.DType {
    /// Place in the format's own list, which goes from narrow to wide.
    fileprivate var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
