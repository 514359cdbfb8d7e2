import CKernels
import Checkpoints
import Parallel

extension ModelCheckpoint {
    /// The same model with every matrix of floats in its layers as blocks of 8 bits (Q8_0), in memory: products of
    /// bytes take half the time of those of bf16. Each weight moves by at most 1/254 of its block's largest. Embedding,
    /// norms and vectors stay as they are.
    func inEightBits(_ pool: ThreadPool) -> ModelCheckpoint {
        var changed: [String: CheckpointTensor] = [:]
        for (name, tensor) in tensors where isMatrixOfFloats(tensor) {
            changed[name] = Self.inEightBits(tensor, pool)
        }
        return replacing(changed)
    }

    private func isMatrixOfFloats(_ tensor: CheckpointTensor) -> Bool {
        guard let type = tensor.type, [LK_F32, LK_F16, LK_BF16].contains(type), tensor.shape.count == 2 else {
            return false
        }
        let isRouter = names.experts.map { tensor.name.hasSuffix($0.router) } ?? false
        return !isRouter && ![names.embedding, names.head].contains(tensor.name)
            && lk_row_bytes(LK_Q8_0, tensor.shape[1]) > 0
    }

    private static func inEightBits(_ tensor: CheckpointTensor, _ pool: ThreadPool) -> CheckpointTensor {
        let (outputs, inputs) = (tensor.shape[0], tensor.shape[1])
        guard let type = tensor.type else { return tensor }
        let (rowBytes, blockBytes) = (lk_row_bytes(type, inputs), lk_row_bytes(LK_Q8_0, inputs))
        let gathered = UnsafeMutableRawPointer.allocate(byteCount: max(1, tensor.byteCount), alignment: 64)
        defer { gathered.deallocate() }
        tensor.gather(to: gathered)
        let blocks = UnsafeMutableRawBufferPointer.allocate(byteCount: outputs * blockBytes, alignment: 64)
        if let base = blocks.baseAddress {
            pool.run(over: outputs, grain: 16) { _, rows in
                withUnsafeTemporaryAllocation(of: Float.self, capacity: inputs) { floats in
                    for row in rows {
                        lk_dequantize_row(type, gathered + row * rowBytes, floats.baseAddress, inputs)
                        _ = lk_row_from_f32(LK_Q8_0, floats.baseAddress, inputs, base + row * blockBytes)
                    }
                }
            }
        }
        let file = MappedFile(path: tensor.path, bytes: UnsafeRawBufferPointer(blocks)) { blocks.deallocate() }
        return CheckpointTensor(name: tensor.name, type: LK_Q8_0, typeName: "Q8_0", shape: tensor.shape, whole: file)
    }
}
