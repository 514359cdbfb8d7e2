import Checkpoints

extension WeightLoader {
    /// The feed-forward part of a layer: one network, or what the configuration says of experts.
    func feedForward(_ index: Int, _ configuration: ModelConfiguration) throws -> FeedForward {
        guard configuration.hasExperts(inLayer: index), let experts = configuration.experts,
            let names = checkpoint.names.experts
        else { return .dense(try denseNetwork(index, configuration)) }
        let hidden = configuration.hidden
        func name(_ part: String) -> String { checkpoint.names.layer(index, part) }
        return .experts(
            Experts(
                // Never rounded: a choice between two experts may hang on a last bit.
                router: try matrix(
                    checkpoint.requiredTensor(name(names.router), shape: [experts.count, hidden]), roundsF16: false),
                used: experts.used, normalisesWeights: experts.normalisesWeights,
                networks: try networks(index, experts, names, hidden: hidden),
                shared: experts.sharedWidth == 0 ? nil : try sharedExpert(index, experts, names, hidden: hidden)))
    }

    private func denseNetwork(_ index: Int, _ configuration: ModelConfiguration) throws -> GatedNetwork {
        let names = checkpoint.names
        let (hidden, width) = (configuration.hidden, configuration.feedForward)
        return GatedNetwork(
            gate: try linear(names.layer(index, names.gate), width, hidden, bias: .optional),
            up: try linear(names.layer(index, names.up), width, hidden, bias: .optional),
            down: try linear(names.layer(index, names.down), hidden, width, bias: .optional))
    }

    /// All experts of a layer, in whichever form the checkpoint has them.
    private func networks(
        _ index: Int, _ experts: ExpertConfiguration, _ names: ExpertNames, hidden: Int
    ) throws -> [GatedNetwork] {
        let (count, width) = (experts.count, experts.width)
        func stacked(_ part: String, _ outputs: Int, _ inputs: Int) throws -> CheckpointTensor {
            try checkpoint.requiredTensor(
                checkpoint.names.layer(index, part), shape: [count, outputs, inputs])
        }
        func has(_ part: String) -> Bool { checkpoint.tensors[checkpoint.names.layer(index, part)] != nil }
        if has(names.stackedGateUp) {
            let (both, down) = (
                try stacked(names.stackedGateUp, 2 * width, hidden), try stacked(names.stacked.down, hidden, width)
            )
            return try (0..<count).map { expert in
                let own = both.slice(expert)
                return try network(own.rows(0..<width), own.rows(width..<2 * width), down.slice(expert))
            }
        }
        if has(names.expert(0).gate) {
            return try (0..<count).map { expert in
                let own = names.expert(expert)
                func tensor(_ part: String, _ outputs: Int, _ inputs: Int) throws -> CheckpointTensor {
                    try checkpoint.requiredTensor(checkpoint.names.layer(index, part), shape: [outputs, inputs])
                }
                return try network(
                    tensor(own.gate, width, hidden), tensor(own.up, width, hidden), tensor(own.down, hidden, width))
            }
        }
        let (gate, up, down) = (
            try stacked(names.stacked.gate, width, hidden), try stacked(names.stacked.up, width, hidden),
            try stacked(names.stacked.down, hidden, width)
        )
        return try (0..<count).map { try network(gate.slice($0), up.slice($0), down.slice($0)) }
    }

    private func sharedExpert(
        _ index: Int, _ experts: ExpertConfiguration, _ names: ExpertNames, hidden: Int
    ) throws -> Experts.SharedExpert {
        let width = experts.sharedWidth
        func tensor(_ part: String, _ shape: [Int]) throws -> CheckpointTensor {
            try checkpoint.requiredTensor(checkpoint.names.layer(index, part), shape: shape)
        }
        let isRow = checkpoint.tensors[checkpoint.names.layer(index, names.sharedGate)]?.shape.count == 2
        var gate = try tensor(names.sharedGate, isRow ? [1, hidden] : [hidden])
        gate.shape = [1, hidden]
        return Experts.SharedExpert(
            network: try network(
                tensor(names.shared.gate, [width, hidden]), tensor(names.shared.up, [width, hidden]),
                tensor(names.shared.down, [hidden, width])),
            gate: try matrix(gate, roundsF16: false))
    }

    private func network(
        _ gate: CheckpointTensor, _ up: CheckpointTensor, _ down: CheckpointTensor
    ) throws -> GatedNetwork {
        GatedNetwork(
            gate: Linear(matrix: try matrix(gate), bias: nil), up: Linear(matrix: try matrix(up), bias: nil),
            down: Linear(matrix: try matrix(down), bias: nil))
    }
}
