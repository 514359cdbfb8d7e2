import Checkpoints
import Parallel

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// An adapter's numbers in one piece of memory, in the order in which a pass reads them. All in f32, rows of outputs in
/// the model's own order.
final class AdapterWeights {
    /// The A of a stage's products, one below the other.
    struct First {
        /// [ranks, inputs]
        let a: UnsafePointer<Float>
        let ranks: Int
        let inputs: Int
    }

    /// B of one product, its scale and DoRA's factors taken in, as `lk_lora_expand` reads it.
    struct Second {
        let b: UnsafePointer<Float>
        let rank: Int
        let outputs: Int
        /// Where the product's part of A x begins.
        let column: Int
        /// DoRA's g, [outputs], which the model's own product is multiplied by; nil without.
        let factors: UnsafePointer<Float>?
    }

    /// [layers, stages of a layer], and the head's
    private var firsts: [First?]
    /// [layers, targets of a layer], and the head
    private var seconds: [Second?]
    private(set) var columnsMax = 0
    let hasFactors: Bool
    let bytes: Int
    private let layers: Int
    private let memory: UnsafeMutableRawPointer

    /// The changes must fit the model.
    init(_ changes: [Adapter.Place: Adapter.Change], for model: Model) throws(AdapterError) {
        let configuration = model.configuration
        let count = changes.reduce(0) { sum, change in
            let outputs = change.key.target.size(in: configuration).outputs
            return sum + Self.padded(change.value.a.count) + Self.panels(outputs) * 32 * change.value.rank
                + (change.value.magnitude == nil ? 0 : Self.padded(outputs))
        }
        bytes = count * MemoryLayout<Float>.stride
        guard let memory = allocateLarge(bytes: bytes) else {
            throw AdapterError("the adapter", found: "no memory", wanted: "\(bytes) bytes")
        }
        self.memory = memory
        layers = configuration.layers
        hasFactors = changes.values.contains { $0.magnitude != nil }
        firsts = [First?](repeating: nil, count: layers * AdapterStage.ofLayer.count + 1)
        seconds = [Second?](repeating: nil, count: layers * AdapterTarget.ofLayer.count + 1)
        var next = memory.bindMemory(to: Float.self, capacity: count)
        for layer in 0..<layers {
            for stage in AdapterStage.ofLayer { try add(stage, layer: layer, changes, model, &next) }
        }
        try add(.final, layer: 0, changes, model, &next)
    }

    func first(_ stage: AdapterStage, layer: Int) -> First? { firsts[index(stage, layer)] }

    func second(_ target: AdapterTarget, layer: Int) -> Second? { seconds[index(target, layer)] }

    private func index(_ stage: AdapterStage, _ layer: Int) -> Int {
        stage == .final ? firsts.count - 1 : layer * AdapterStage.ofLayer.count + stage.rawValue
    }

    private func index(_ target: AdapterTarget, _ layer: Int) -> Int {
        target == .head ? seconds.count - 1 : layer * AdapterTarget.ofLayer.count + target.index
    }

    private func add(
        _ stage: AdapterStage, layer: Int, _ changes: [Adapter.Place: Adapter.Change], _ model: Model,
        _ next: inout UnsafeMutablePointer<Float>
    ) throws(AdapterError) {
        let configuration = model.configuration
        let parts = stage.targets.compactMap { target in
            changes[Adapter.Place(layer: layer, target: target)].map { (target, $0) }
        }
        guard let inputs = parts.first?.0.size(in: configuration).inputs else { return }
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
        firsts[index(stage, layer)] = First(a: a, ranks: ranks, inputs: inputs)
        columnsMax = max(columnsMax, ranks)
        var column = 0
        for (target, change) in parts {
            let outputs = target.size(in: configuration).outputs
            let rows = (0..<outputs).map { target.releasedRow($0, in: configuration) }
            var factors: UnsafePointer<Float>?
            if let magnitude = change.magnitude {
                let place = Adapter.Place(layer: layer, target: target)
                let norms = try change.norms(at: place, rows, of: model)
                for (output, row) in rows.enumerated() { next[output] = Float(Double(magnitude[row]) / norms[output]) }
                factors = UnsafePointer(next)
                next += Self.padded(outputs)
            }
            Self.pack(change, rows, factors, to: next)
            seconds[index(target, layer)] = Second(
                b: next, rank: change.rank, outputs: outputs, column: column, factors: factors)
            next += Self.panels(outputs) * 32 * change.rank
            column += change.rank
        }
    }

    deinit {
        free(memory)
    }

    private static func padded(_ floats: Int) -> Int { (floats + 15) / 16 * 16 }

    private static func panels(_ outputs: Int) -> Int { (outputs + 31) / 32 }

    /// - Parameter rows: the row of B for each output.
    private static func pack(
        _ change: Adapter.Change, _ rows: [Int], _ factors: UnsafePointer<Float>?,
        to out: UnsafeMutablePointer<Float>
    ) {
        let rank = change.rank
        out.update(repeating: 0, count: panels(rows.count) * 32 * rank)
        change.b.withUnsafeBufferPointer { b in
            for (output, row) in rows.enumerated() {
                let place = out + output / 32 * 32 * rank + output % 32
                let scale = factors.map { change.scale * $0[output] } ?? change.scale
                for index in 0..<rank { place[32 * index] = scale * b[row * rank + index] }
            }
        }
    }
}
