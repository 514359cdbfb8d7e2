import CKernels
import Checkpoints
import DurableFiles

/// A checkpoint's weights with an adapter's changes taken in, one row at a time: W + s·BA, times m / ‖W + s·BA‖ where
/// there are magnitudes. No tensor is in memory whole.
package final class MergedModel {
    let checkpoint: ModelCheckpoint
    /// With the vocabulary's size.
    let configuration: ModelConfiguration
    private let changes: [Adapter.Place: Adapter.Change]
    /// The first tensor in which a number left the range of its type.
    private(set) var overflow: String?

    /// - Throws: `CheckpointError` when the folder cannot be read or belongs to another model.
    package init(_ checkpoint: ModelCheckpoint, peftFolder path: String) throws(CheckpointError) {
        if let experts = checkpoint.configuration.experts {
            throw checkpoint.refuse(
                "base", found: "a mixture of \(experts.count) experts (\(checkpoint.configuration.architecture))",
                wanted: "a dense model: an adapter of experts' attention is served beside its base, and not merged")
        }
        guard checkpoint.hasReleasedTensors else {
            throw checkpoint.refuse(
                "architecture", found: checkpoint.configuration.architecture,
                wanted: "one whose products are tensors of their own, under their usual names")
        }
        self.checkpoint = checkpoint
        var configuration = checkpoint.configuration
        configuration.vocabulary = checkpoint.tensors[checkpoint.names.embedding]?.shape.first ?? 0
        self.configuration = configuration
        changes = try PEFTFolder.read(path, for: configuration).changes
    }

    var tiesHead: Bool { checkpoint.tiesHead ?? (checkpoint.tensors[checkpoint.names.head] == nil) }

    /// A head that was the embedding and has changed is a tensor of its own.
    var untiesHead: Bool { tiesHead && changes[.head] != nil }

    /// The tensor that a product's weights are read from.
    func source(of place: Adapter.Place) -> CheckpointTensor? {
        let names = checkpoint.names
        if place == .head { return checkpoint.tensors[tiesHead ? names.embedding : names.head] }
        return checkpoint.tensors[names.layer(place.layer, names.product(place.target) + ".weight")]
    }

    /// The product that each tensor belongs to, by the tensor's name.
    func places() -> [String: Adapter.Place] {
        var places: [String: Adapter.Place] = [:]
        for layer in 0..<configuration.layers {
            for target in AdapterTarget.ofLayer {
                let name = checkpoint.names.layer(layer, checkpoint.names.product(target) + ".weight")
                places[name] = Adapter.Place(layer: layer, target: target)
            }
        }
        if !tiesHead { places[checkpoint.names.head] = .head }
        return places
    }

    /// The type that a matrix is written in: the one asked for, or F16 where rows are no whole number of its blocks.
    static func type(_ type: lk_type, inputs: Int) -> lk_type { lk_row_bytes(type, inputs) > 0 ? type : LK_F16 }

    /// Writes a matrix's rows.
    /// - Parameters:
    ///   - place: the product whose change is taken in; nil: the rows as they are.
    ///   - order: the source's row for each row; nil: the same.
    func write(
        _ tensor: CheckpointTensor, _ place: Adapter.Place?, as type: lk_type, order: [Int]? = nil,
        to output: FileOutput
    ) throws(FileError) {
        guard let own = tensor.type, tensor.shape.count == 2 else { preconditionFailure("a matrix that is computed") }
        let (outputs, inputs) = (tensor.shape[0], tensor.shape[1])
        let rowBytes = lk_row_bytes(own, inputs)
        var gathered: [UInt8] = []
        if tensor.contiguous == nil {
            gathered = [UInt8](unsafeUninitializedCapacity: tensor.byteCount) { buffer, count in
                if let base = buffer.baseAddress { tensor.gather(to: base) }
                count = tensor.byteCount
            }
        }
        var floats = [Float](repeating: 0, count: inputs)
        var encoded = [UInt8](repeating: 0, count: lk_row_bytes(type, inputs))
        for row in 0..<outputs {
            let source = order?[row] ?? row
            if let base = tensor.contiguous?.baseAddress {
                lk_dequantize_row(own, base + source * rowBytes, &floats, inputs)
            } else {
                gathered.withUnsafeBytes { bytes in
                    if let base = bytes.baseAddress {
                        lk_dequantize_row(own, base + source * rowBytes, &floats, inputs)
                    }
                }
            }
            if let place, let change = changes[place] {
                change.apply(to: &floats, row: place.target.releasedRow(source, in: configuration))
            }
            if overflow == nil, let largest = floats.map(abs).max(), !(largest <= type.largest) {
                overflow = tensor.name
            }
            _ = lk_row_from_f32(type, floats, inputs, &encoded)
            try output.write(encoded)
        }
    }

    /// - Throws: `CheckpointError` when a number that was written has no place in its type.
    func requireNoOverflow(_ type: lk_type, path: String) throws(CheckpointError) {
        guard let overflow else { return }
        throw CheckpointError(
            path: path, field: "tensor '\(overflow)'", offset: nil, found: "a number beyond \(type.largest)",
            wanted: "numbers that the type holds: export with --type F32 or BF16")
    }
}

extension Adapter.Change {
    /// W + s·BA of one row, scaled to its magnitude. `row` is B's.
    fileprivate func apply(to floats: inout [Float], row: Int) {
        let inputs = floats.count
        a.withUnsafeBufferPointer { a in
            for index in 0..<rank {
                let factor = scale * b[row * rank + index]
                for i in 0..<inputs { floats[i] += factor * a[index * inputs + i] }
            }
        }
        guard let magnitude else { return }
        let factor = Float(Double(magnitude[row]) / dot(floats, floats).squareRoot())
        for i in 0..<inputs { floats[i] *= factor }
    }
}

extension lk_type {
    /// The largest magnitude that a row of it may hold.
    fileprivate var largest: Float {
        switch self {
        case LK_F32, LK_BF16: .greatestFiniteMagnitude
        default: 65504  // f16, also the scales of blocks
        }
    }
}

extension WeightNames {
    func product(_ target: AdapterTarget) -> String {
        switch target {
        case .query: query
        case .key: key
        case .value: value
        case .output: output
        case .gate: gate
        case .up: up
        case .down: down
        case .head: head
        }
    }
}
