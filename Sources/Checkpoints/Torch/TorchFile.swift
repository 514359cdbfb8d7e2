import CKernels

/// The tensors of a file that torch saved (`.pth`), read in place. What `init` answers can be relied on: every tensor
/// lies inside its own storage and its values one after another.
struct TorchFile {
    private(set) var tensors: [String: CheckpointTensor] = [:]
    let file: MappedFile

    init(_ file: MappedFile) throws(CheckpointError) {
        self.file = file
        let archive = try ZipArchive(file)
        func refuse(_ field: String, _ found: String, _ wanted: String) -> CheckpointError {
            CheckpointError(path: file.path, field: field, offset: nil, found: found, wanted: wanted)
        }
        guard let pickle = archive.entries.first(where: { $0.key.hasSuffix("/data.pkl") }) else {
            throw refuse("archive", "no data.pkl", "a file as torch saves it")
        }
        let folder = pickle.key.dropLast("data.pkl".count)
        if let order = archive.entries[folder + "byteorder"], !file.bytes[order].elementsEqual("little".utf8) {
            throw refuse("byte order", "another", "little-endian values")
        }
        for (name, place) in try TorchPickle.tensors(in: file, pickle.value) {
            let field = "tensor \(name.quotedForMessage())"
            guard let stored = archive.entries["\(folder)data/\(place.storage.key)"] else {
                throw refuse(
                    field, "no values \(place.storage.key.quotedForMessage())", "a file of them in the archive")
            }
            guard let type = Self.types[place.storage.type] else {
                throw refuse(field, place.storage.type.quotedForMessage(), "a type of numbers")
            }
            guard let range = Self.range(of: place, valueBytes: type.bytes, in: stored) else {
                throw refuse(
                    field, "shape \(place.shape), strides \(place.strides) from value \(place.offset)",
                    "values one after another within the \(stored.count) bytes of its storage")
            }
            tensors[name] = CheckpointTensor(
                name: name, type: type.type, typeName: type.name, shape: place.shape,
                parts: [CheckpointTensor.Part(file: file, byteRange: range)])
        }
    }

    /// nil: they are somewhere else, or not in order.
    private static func range(of place: TorchPickle.TensorPlace, valueBytes: Int, in stored: Range<Int>) -> Range<Int>?
    {
        guard place.offset >= 0, place.shape.allSatisfy({ $0 >= 0 }) else { return nil }
        var count = 1
        for (size, stride) in zip(place.shape, place.strides).reversed() {
            if size != 1, stride != count { return nil }
            let (product, overflow) = count.multipliedReportingOverflow(by: size)
            // An empty tensor has no values to use, and its strides need not add up.
            guard !overflow, product > 0 else { return nil }
            count = product
        }
        let (end, overflow) = place.offset.addingReportingOverflow(count)
        guard !overflow, end <= place.storage.count, place.storage.count <= stored.count / valueBytes else {
            return nil
        }
        let begin = stored.lowerBound + place.offset * valueBytes
        return begin..<begin + count * valueBytes
    }

    private static let types: [String: (type: lk_type?, name: String, bytes: Int)] = [
        "FloatStorage": (LK_F32, "F32", 4), "HalfStorage": (LK_F16, "F16", 2), "BFloat16Storage": (LK_BF16, "BF16", 2),
        "DoubleStorage": (nil, "F64", 8), "LongStorage": (nil, "I64", 8), "IntStorage": (nil, "I32", 4),
        "ShortStorage": (nil, "I16", 2), "CharStorage": (nil, "I8", 1), "ByteStorage": (nil, "U8", 1),
        "BoolStorage": (nil, "BOOL", 1), "ComplexFloatStorage": (nil, "C64", 8),
        "ComplexDoubleStorage": (nil, "C128", 16),
    ]
}
