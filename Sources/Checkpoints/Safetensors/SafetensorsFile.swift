import CKernels

/// A file in the safetensors format, checked from front to back and then read in place. The format:
/// github.com/huggingface/safetensors (README, "Format"): the header's length in 8 bytes, the header as JSON, the
/// tensors' bytes without a gap.
///
/// The result of `init` can be relied on: every tensor lies inside the file, its byte count follows from its shape, no
/// two overlap and no name comes twice. Immutable, any thread.
package struct SafetensorsFile: Sendable {
    package let file: MappedFile
    package let tensors: [String: Tensor]
    /// The entries of `__metadata__`.
    package let metadata: [String: String]

    /// Maps the file at `path`.
    package init(path: String, limits: SafetensorsLimits = SafetensorsLimits()) throws(CheckpointError) {
        try self.init(file: .open(path: path), limits: limits)
    }

    package init(file: MappedFile, limits: SafetensorsLimits = SafetensorsLimits()) throws(CheckpointError) {
        let header = try SafetensorsHeader(file: file, limits: limits)
        try header.checkPlaces()
        var tensors: [String: Tensor] = [:]
        for tensor in header.tensors {
            let bytes = header.dataOffset + tensor.begin..<header.dataOffset + tensor.end
            tensors[tensor.name] = Tensor(
                name: tensor.name, dtype: tensor.dtype, shape: tensor.shape, byteRange: bytes, file: file)
        }
        self.file = file
        self.tensors = tensors
        metadata = header.metadata
    }

    package var path: String { file.path }

    /// How values are stored, little-endian.
    package enum DType: String, Sendable, CaseIterable {
        case bool = "BOOL"
        case u8 = "U8"
        case i8 = "I8"
        case f8e5m2 = "F8_E5M2"
        case f8e4m3 = "F8_E4M3"
        case i16 = "I16"
        case u16 = "U16"
        case f16 = "F16"
        case bf16 = "BF16"
        case i32 = "I32"
        case u32 = "U32"
        case f32 = "F32"
        case f64 = "F64"
        case i64 = "I64"
        case u64 = "U64"

        var byteCount: Int {
            switch self {
            case .bool, .u8, .i8, .f8e5m2, .f8e4m3: 1
            case .i16, .u16, .f16, .bf16: 2
            case .i32, .u32, .f32: 4
            case .f64, .i64, .u64: 8
            }
        }

        /// The kernels' name of the type; nil where they have none.
        package var kernelType: lk_type? {
            switch self {
            case .f32: LK_F32
            case .f16: LK_F16
            case .bf16: LK_BF16
            default: nil
            }
        }
    }

    /// One tensor of a file.
    package struct Tensor: Sendable {
        package let name: String
        package let dtype: DType
        /// Outermost first, as in the file: a weight of `[outputs, inputs]`. Empty for a single value; a 0 in it means
        /// that there are no values.
        package let shape: [Int]
        /// Where its bytes lie in the file. No alignment can be relied on.
        package let byteRange: Range<Int>
        let file: MappedFile

        package var elementCount: Int { byteRange.count / dtype.byteCount }
        /// Valid as long as this tensor, or the file that it came from, lives.
        package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: file.bytes[byteRange]) }

        /// All values in f32, in the order of the file.
        /// - Throws: `CheckpointError` for types other than F32, F16 and BF16.
        package func floats() throws(CheckpointError) -> [Float] {
            guard let type = dtype.kernelType else {
                throw CheckpointError(
                    path: file.path, field: "type of tensor \(name.quotedForMessage())", offset: nil,
                    found: dtype.rawValue, wanted: "F32, F16 or BF16")
            }
            guard let base = bytes.baseAddress, elementCount > 0 else { return [] }
            return [Float](unsafeUninitializedCapacity: elementCount) { buffer, count in
                lk_dequantize_row(type, base, buffer.baseAddress, elementCount)
                count = elementCount
            }
        }
    }
}

/// How much of a safetensors header is believed.
package struct SafetensorsLimits: Sendable {
    /// The format's own.
    package var headerBytesMax = 100_000_000
    package var tensorsMax = 65_536
    package var nameBytesMax = 65_535
    package var rankMax = 8
    package var metadataKeysMax = 65_536

    package init() {}
}
