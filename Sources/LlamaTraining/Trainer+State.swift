import LlamaEngine

/// The trained change of one product, in the order of released weights.
package struct TrainedChange: Sendable, Equatable {
    package var module: TrainedModule
    /// 0 for the head.
    package var layer: Int
    package var rank: Int
    /// `alpha / rank`.
    package var scale: Float
    /// A: [rank, inputs], row-major.
    package var a: [Float]
    /// B: [outputs, rank], row-major.
    package var b: [Float]
    /// DoRA's m: [outputs].
    package var magnitude: [Float]?

    package init(
        module: TrainedModule, layer: Int, rank: Int, scale: Float, a: [Float], b: [Float], magnitude: [Float]? = nil
    ) {
        (self.module, self.layer, self.rank, self.scale) = (module, layer, rank, scale)
        (self.a, self.b, self.magnitude) = (a, b, magnitude)
    }
}

extension Trainer {
    /// The adapter as it is; empty for `full`.
    package var changes: [TrainedChange] {
        decoder.changes.map { change in
            let (rank, outputs) = (change.rank, change.outputs)
            var b = [Float](repeating: 0, count: outputs * rank)
            var magnitude = change.magnitude.map { _ in [Float](repeating: 0, count: outputs) }
            for output in 0..<outputs {
                let row = change.module.releasedRow(output, in: base.configuration)
                for k in 0..<rank { b[row * rank + k] = change.b.values[k * outputs + output] }
                if let m = change.magnitude?.parameter.values { magnitude?[row] = m[output] }
            }
            return TrainedChange(
                module: change.module, layer: change.layer, rank: rank, scale: change.scale,
                a: change.a.released(change.a.values), b: b, magnitude: magnitude)
        }
    }

    /// Takes an adapter's numbers as the start.
    func begin(from start: [TrainedChange]) throws(TrainingError) {
        guard start.count == decoder.changes.count else {
            throw TrainingError.badState(
                name: "the adapter to start from", found: "\(start.count) changed products",
                wanted: "\(decoder.changes.count), those of the settings' modules")
        }
        for change in decoder.changes {
            let name = change.a.name
            guard let from = start.first(where: { $0.module == change.module && $0.layer == change.layer }) else {
                throw TrainingError.badState(name: name, found: "no change", wanted: "one")
            }
            guard from.rank == change.rank, from.a.count == change.a.count, from.b.count == change.b.count,
                from.magnitude?.count == change.magnitude?.parameter.count
            else {
                throw TrainingError.badState(
                    name: name, found: "rank \(from.rank), \(from.a.count) and \(from.b.count) numbers",
                    wanted: "rank \(change.rank), \(change.a.count) and \(change.b.count)")
            }
            change.a.fill(change.a.values, from: from.a)
            for output in 0..<change.outputs {
                let row = change.module.releasedRow(output, in: base.configuration)
                // The scale of this run is the settings'; another's is taken into B.
                let ratio = from.scale / change.scale
                for k in 0..<change.rank {
                    change.b.values[k * change.outputs + output] = ratio * from.b[row * change.rank + k]
                }
                if let magnitude = from.magnitude { change.magnitude?.parameter.values[output] = magnitude[row] }
            }
        }
        guard UpdateRule.areFinite(decoder.parameters, pool: pool) else {
            throw TrainingError.badState(
                name: "the adapter to start from", found: "a number that is not finite", wanted: "finite numbers")
        }
    }

    private static let referencesName = "references"

    /// Everything that a run needs to go on, beside base, data and settings: parameters as they lie in the base's own
    /// order of rows, both moments of each, and what preferences are measured against.
    package var state: [TrainedTensor] {
        var state: [TrainedTensor] = []
        for parameter in decoder.parameters {
            state.append(TrainedTensor(parameter.name, parameter.shape) { parameter.released(parameter.values) })
            guard let first = parameter.firstMoment, let second = parameter.secondMoment else { continue }
            state.append(
                TrainedTensor(parameter.name + ".first_moment", parameter.shape) { parameter.released(first) })
            state.append(
                TrainedTensor(parameter.name + ".second_moment", parameter.shape) { parameter.released(second) })
        }
        if let references {
            state.append(TrainedTensor(Self.referencesName, [data.count, 2]) { references })
        }
        return state
    }

    /// Goes on where `state` was taken: `step` steps are done, and the numbers are the same to the bit.
    /// - Throws: `badState`, after which the trainer must not be used.
    package func restore(step: Int, from read: (_ name: String) -> [Float]?) throws(TrainingError) {
        guard (0...steps).contains(step) else {
            throw TrainingError.badState(name: "step", found: "\(step)", wanted: "0 to \(steps)")
        }
        func numbers(_ name: String, _ count: Int) throws(TrainingError) -> [Float] {
            guard let found = read(name) else {
                throw TrainingError.badState(name: name, found: "nothing", wanted: "\(count) numbers")
            }
            guard found.count == count, found.allSatisfy(\.isFinite) else {
                throw TrainingError.badState(
                    name: name, found: found.count == count ? "a number that is not finite" : "\(found.count) numbers",
                    wanted: "\(count) finite numbers")
            }
            return found
        }
        for parameter in decoder.parameters {
            parameter.fill(parameter.values, from: try numbers(parameter.name, parameter.count))
            guard let first = parameter.firstMoment, let second = parameter.secondMoment else { continue }
            parameter.fill(first, from: try numbers(parameter.name + ".first_moment", parameter.count))
            parameter.fill(second, from: try numbers(parameter.name + ".second_moment", parameter.count))
        }
        if data.isPreference && step > 0 { references = try numbers(Self.referencesName, 2 * data.count) }
        resume(at: step)
    }
}
