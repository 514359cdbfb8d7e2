import CKernels

/// One weight of a checkpoint, in one piece or cut along an axis into parts of equal size (as model-parallel
/// checkpoints are).
package struct CheckpointTensor: Sendable {
    struct Part: Sendable {
        let file: MappedFile
        let byteRange: Range<Int>

        /// Valid as long as this part, or the file, lives. No alignment can be relied on.
        var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: file.bytes[byteRange]) }
    }

    package let name: String
    /// nil where the kernels have none.
    package let type: lk_type?
    package let typeName: String
    /// The shape of the whole, outermost first: `[outputs, inputs]`.
    package var shape: [Int]
    /// In order along `axis`; together they have `shape`.
    var parts: [Part]
    var axis = 0

    /// A tensor whose values are all the bytes of a file, which may be memory.
    package init(name: String, type: lk_type, typeName: String, shape: [Int], whole file: MappedFile) {
        self.init(
            name: name, type: type, typeName: typeName, shape: shape,
            parts: [Part(file: file, byteRange: 0..<file.bytes.count)])
    }

    init(name: String, type: lk_type?, typeName: String, shape: [Int], parts: [Part], axis: Int = 0) {
        (self.name, self.type, self.typeName) = (name, type, typeName)
        (self.shape, self.parts, self.axis) = (shape, parts, axis)
    }

    /// Cannot overflow: the product was checked when the file was opened, unless a 0 made it nothing.
    var elementCount: Int { shape.contains(0) ? 0 : shape.reduce(1, *) }
    package var path: String { parts.first?.file.path ?? "" }

    /// The values one after another where they lie; nil when they are cut so that this takes a copy.
    package var contiguous: UnsafeRawBufferPointer? { parts.count == 1 ? parts.first?.bytes : nil }

    /// Where the values lie one after another; nil where `contiguous` is.
    package var source: (file: MappedFile, range: Range<Int>)? {
        guard let part = parts.first, parts.count == 1 else { return nil }
        return (part.file, part.byteRange)
    }

    /// One of the tensors that it is made of along its outermost dimension. Of a tensor in one piece.
    package func slice(_ index: Int) -> CheckpointTensor { part(index..<index + 1, shape: Array(shape.dropFirst())) }

    /// Some of a matrix's rows. Of a tensor in one piece.
    package func rows(_ range: Range<Int>) -> CheckpointTensor { part(range, shape: [range.count] + shape.dropFirst()) }

    private func part(_ range: Range<Int>, shape: [Int]) -> CheckpointTensor {
        guard let whole = parts.first, parts.count == 1, range.upperBound <= self.shape[0] else {
            preconditionFailure("a tensor in one piece, and a part within it")
        }
        let bytes = whole.byteRange.count / self.shape[0]
        let start = whole.byteRange.lowerBound
        let place = start + range.lowerBound * bytes..<start + range.upperBound * bytes
        return CheckpointTensor(
            name: name, type: type, typeName: typeName, shape: shape, parts: [Part(file: whole.file, byteRange: place)])
    }

    package var byteCount: Int { parts.reduce(0) { $0 + $1.byteRange.count } }

    /// Some rows of a matrix under a name of their own; nil where they can't be cut out: of a type that has no rows, or
    /// of a tensor in parts.
    func rows(_ range: Range<Int>, named name: String) -> CheckpointTensor? {
        guard shape.count == 2, range.upperBound <= shape[0], parts.count == 1, let part = parts.first, let type else {
            return nil
        }
        let rowBytes = lk_row_bytes(type, shape[1])
        guard rowBytes > 0, rowBytes * shape[0] == part.byteRange.count else { return nil }
        let start = part.byteRange.lowerBound
        let bytes = start + range.lowerBound * rowBytes..<start + range.upperBound * rowBytes
        return CheckpointTensor(
            name: name, type: type, typeName: typeName, shape: [range.count, shape[1]],
            parts: [Part(file: part.file, byteRange: bytes)])
    }

    /// Writes the whole, `byteCount` bytes, to `out`.
    package func gather(to out: UnsafeMutableRawPointer) {
        // Parts of equal size: each row of the whole is a piece of every part, or every part a piece of the whole.
        let rows = axis == 0 ? 1 : shape.prefix(axis).reduce(1, *)
        var target = out
        for row in 0..<rows {
            for part in parts {
                let count = part.byteRange.count / rows
                if let base = part.bytes.baseAddress { target.copyMemory(from: base + row * count, byteCount: count) }
                target += count
            }
        }
    }
}
