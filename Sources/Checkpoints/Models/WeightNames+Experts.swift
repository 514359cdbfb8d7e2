extension ExpertNames {
    /// Those of the two that a folder's tensors have.
    static func released(_ tensors: [String: CheckpointTensor], _ names: WeightNames) -> ExpertNames {
        let isMixtral = tensors.keys.contains { $0.hasPrefix(names.layerPrefix) && $0.hasSuffix(mixtral.router) }
        return isMixtral ? mixtral : huggingFace
    }
}

extension WeightNames {
    /// Layers without a router whose feed-forward part is there as one network's.
    func denseLayers(_ layers: Int, in tensors: [String: CheckpointTensor]) -> Set<Int> {
        guard let experts else { return [] }
        // A count of layers is the file's claim: no more of them can have tensors than there are tensors.
        return Set(
            (0..<min(layers, tensors.count)).filter { index in
                tensors[layer(index, experts.router)] == nil && tensors[layer(index, gate + ".weight")] != nil
            })
    }

    /// Names of a layer's tensors of experts that a model reads: no more than there are, whatever `count` claims.
    func expertNames(_ index: Int, count: Int, in tensors: [String: CheckpointTensor]) -> [String] {
        guard let experts else { return [] }
        var names = [experts.router, experts.stackedGateUp, experts.sharedGate]
        names += experts.stacked.all + experts.shared.all
        for expert in 0..<count {
            let own = experts.expert(expert)
            guard tensors[layer(index, own.gate)] != nil else { break }
            names += own.all
        }
        return names.map { layer(index, $0) }
    }
}
