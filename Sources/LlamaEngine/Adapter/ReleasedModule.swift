import Checkpoints

/// A product as released weights have it, under the name that adapters know: one of the model's, or several in one
/// matrix, the outputs of the first above those of the next.
struct ReleasedModule {
    let name: String
    /// nil: of no layer.
    let layer: Int?
    let targets: [AdapterTarget]

    static func all(of model: ModelConfiguration) -> [ReleasedModule] {
        let fused: [(AdapterTarget, String, [AdapterTarget])] = [
            (.query, "qkv_proj", [.query, .key, .value]), (.gate, "gate_up_proj", [.gate, .up]),
        ]
        let layers = (0..<model.layers).flatMap { layer in
            guard model.variant.hasFusedProducts else {
                return AdapterTarget.ofLayer.filter { Adapter.Place(layer: layer, target: $0).isAdapted(in: model) }.map
                {
                    ReleasedModule(name: $0.module(layer: layer), layer: layer, targets: [$0])
                }
            }
            let products = fused.map { first, name, targets in
                let own = first.module(layer: layer)
                return ReleasedModule(
                    name: own.dropLast(first.rawValue.count) + name, layer: layer, targets: targets)
            }
            let plain: [AdapterTarget] = [.output, .down]
            return products
                + plain.map { ReleasedModule(name: $0.module(layer: layer), layer: layer, targets: [$0]) }
        }
        return layers + [ReleasedModule(name: AdapterTarget.head.rawValue, layer: nil, targets: [.head])]
    }

    /// The last part of its name.
    var kind: String { name.split(separator: ".").last.map(String.init) ?? name }

    func tensor(_ part: PEFTFolder.Part) -> String { "base_model.model.\(name).\(part.rawValue)" }

    /// Inputs, and the outputs of each of its products.
    func size(in model: ModelConfiguration) -> (inputs: Int, outputs: [Int]) {
        (targets[0].size(in: model).inputs, targets.map { $0.size(in: model).outputs })
    }

    /// A change of the whole as changes of its products: A is each one's, B and the magnitudes are cut.
    func separate(_ change: Adapter.Change, in model: ModelConfiguration) -> [(Adapter.Place, Adapter.Change)] {
        var start = 0
        return zip(targets, size(in: model).outputs).map { target, outputs in
            defer { start += outputs }
            var own = change
            own.b = Array(change.b[start * change.rank..<(start + outputs) * change.rank])
            own.magnitude = change.magnitude.map { Array($0[start..<start + outputs]) }
            return (Adapter.Place(layer: layer ?? 0, target: target), own)
        }
    }
}
