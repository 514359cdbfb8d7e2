import CKernels

/// A model file in the GGUF format, versions 2 and 3, checked from front to back and then read in place. The format:
/// github.com/ggml-org/ggml/blob/master/docs/gguf.md.
///
/// The result of `open` can be relied on: every string, array and tensor lies inside the file, tensors do not overlap,
/// their byte counts follow from their shapes, and no key or name comes twice. What the numbers mean is the model's to
/// check. Immutable, any thread.
package struct GGUFFile: Sendable {
    package let file: MappedFile
    package let version: UInt32
    package let alignment: Int
    /// In the order of the file.
    package let tensors: [GGUFTensor]
    /// Where the tensors' bytes begin.
    package let dataOffset: Int
    let metadata: [String: GGUFValue]
    /// Where each key lies with its value, in the order of the file.
    let metadataPlaces: [(key: String, range: Range<Int>)]
    private let indexOfTensor: [String: Int]

    package static func open(path: String, limits: GGUFLimits = GGUFLimits()) throws -> GGUFFile {
        try GGUFFile(file: .open(path: path), limits: limits)
    }

    package init(file: MappedFile, limits: GGUFLimits = GGUFLimits()) throws {
        var cursor = GGUFCursor(file: file, limits: limits)
        let counts = try cursor.preamble()
        (metadata, metadataPlaces) = try cursor.metadata(count: counts.keys)
        alignment = try cursor.alignment(in: metadata)
        let declared = try cursor.tensorInfos(count: counts.tensors)
        dataOffset = try cursor.dataOffset(alignment: alignment, tensors: declared.count)
        tensors = try cursor.place(declared, dataOffset: dataOffset, alignment: alignment)
        version = counts.version
        self.file = file
        let tensors = self.tensors
        indexOfTensor = Dictionary(uniqueKeysWithValues: tensors.indices.map { (tensors[$0].name, $0) })
    }

    package var path: String { file.path }
    package var keys: [String] { metadata.keys.sorted() }

    package func tensor(named name: String) -> GGUFTensor? { indexOfTensor[name].map { tensors[$0] } }
}

/// One tensor of a file.
package struct GGUFTensor: Sendable {
    package let name: String
    /// With the format's number, also where the kernels have no such type.
    package let type: lk_type
    /// Innermost first, as in the file: a weight of `[outputs, inputs]` has dimensions `[inputs, outputs]`.
    package let dimensions: [Int]
    /// Where its bytes lie in the file.
    package let byteRange: Range<Int>
    let file: MappedFile

    package var elementCount: Int { dimensions.reduce(1, *) }  // cannot overflow: checked when the file was opened
    /// Valid as long as this tensor, or the file that it came from, lives.
    package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: file.bytes[byteRange]) }
}
