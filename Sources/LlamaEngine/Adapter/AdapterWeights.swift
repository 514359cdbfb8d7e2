import Checkpoints
import Parallel

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// An adapter's numbers in one piece of memory, in the order in which a pass reads them. All in f32.
final class AdapterWeights {
    /// The A of a stage's products, one below the other.
    struct First {
        /// [ranks, inputs]
        let a: UnsafePointer<Float>
        let ranks: Int
        let inputs: Int
    }

    /// B of one product, its scale taken in, as `lk_lora_expand` reads it.
    struct Second {
        let b: UnsafePointer<Float>
        let rank: Int
        let outputs: Int
        /// Where the product's part of A x begins.
        let column: Int
    }

    /// [layers, stages]
    let firsts: [First?]
    /// [layers, targets]
    let seconds: [Second?]
    let columnsMax: Int
    let bytes: Int
    private let memory: UnsafeMutableRawPointer

    /// The changes must fit the model.
    init(_ changes: [Adapter.Place: Adapter.Change], for model: ModelConfiguration) throws(AdapterError) {
        let count = changes.reduce(0) { sum, change in
            let outputs = change.key.target.size(in: model).outputs
            return sum + Self.padded(change.value.a.count) + Self.panels(outputs) * 32 * change.value.rank
        }
        bytes = count * MemoryLayout<Float>.stride
        guard let memory = allocateLarge(bytes: bytes) else {
            throw AdapterError("the adapter", found: "no memory", wanted: "\(bytes) bytes")
        }
        self.memory = memory
        var next = memory.bindMemory(to: Float.self, capacity: count)
        var firsts: [First?] = []
        var seconds = [Second?](repeating: nil, count: model.layers * AdapterTarget.allCases.count)
        for layer in 0..<model.layers {
            for stage in AdapterStage.allCases {
                let parts = stage.targets.compactMap { target in
                    changes[Adapter.Place(layer: layer, target: target)].map { (target, $0) }
                }
                guard let inputs = parts.first?.0.size(in: model).inputs else {
                    firsts.append(nil)
                    continue
                }
                let a = next
                var ranks = 0
                for (_, change) in parts {
                    change.a.withUnsafeBufferPointer { values in
                        guard let base = values.baseAddress else { return }
                        (a + ranks * inputs).update(from: base, count: values.count)
                    }
                    ranks += change.rank
                }
                next += Self.padded(ranks * inputs)
                firsts.append(First(a: a, ranks: ranks, inputs: inputs))
                var column = 0
                for (target, change) in parts {
                    let outputs = target.size(in: model).outputs
                    Self.pack(change, target, outputs: outputs, model, to: next)
                    seconds[layer * AdapterTarget.allCases.count + target.index] = Second(
                        b: next, rank: change.rank, outputs: outputs, column: column)
                    next += Self.panels(outputs) * 32 * change.rank
                    column += change.rank
                }
            }
        }
        columnsMax = firsts.reduce(0) { max($0, $1?.ranks ?? 0) }
        (self.firsts, self.seconds) = (firsts, seconds)
    }

    deinit {
        free(memory)
    }

    private static func padded(_ floats: Int) -> Int { (floats + 15) / 16 * 16 }

    private static func panels(_ outputs: Int) -> Int { (outputs + 31) / 32 }

    private static func pack(
        _ change: Adapter.Change, _ target: AdapterTarget, outputs: Int, _ model: ModelConfiguration,
        to out: UnsafeMutablePointer<Float>
    ) {
        let rank = change.rank
        out.update(repeating: 0, count: panels(outputs) * 32 * rank)
        change.b.withUnsafeBufferPointer { b in
            for output in 0..<outputs {
                let row = target.releasedRow(output, in: model) * rank
                let place = out + output / 32 * 32 * rank + output % 32
                for index in 0..<rank { place[32 * index] = change.scale * b[row + index] }
            }
        }
    }
}
