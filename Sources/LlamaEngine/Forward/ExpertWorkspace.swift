import CKernels
import Checkpoints
import Parallel

/// Which rows of a pass go through which expert of a layer, and the memory between the steps of a mixture. The
/// decoder's thread shares the rows out anew for each layer; that allocates nothing.
final class ExpertWorkspace {
    /// An expert's part of a pass: rows that share one reading of its weights.
    struct Share {
        let network: GatedNetwork
        /// Its first place in `rows` and `weights`, and how many it has.
        let first: Int
        let count: Int
        /// Its rows one after another, [count, hidden]; where they are not gathered yet, the place for them.
        let input: Decoder.Input
        let isGathered: Bool
        /// [count, network.width]
        let activated: Decoder.Input
        /// Panels that a thread computes at a time, and the pieces of that size in the shares before it.
        let unit: Int
        let firstPiece: Int

        var pieces: Int { (network.gate.matrix.panels + unit - 1) / unit }
    }

    private let configuration: ExpertConfiguration
    private let hidden: Int
    /// Activations that products with gate and up take.
    private let inputs: Set<Matrix.Activations>

    /// [rows, experts]: the router's products, then its probabilities.
    let scores = ScratchBuffer<Float>()
    /// [rows, used]: each row's experts, in ascending order, and what their answers are weighed by.
    let chosen = ScratchBuffer<Int32>()
    let chosenWeights = ScratchBuffer<Float>()
    /// [rows]: the same of the shared expert.
    let sharedWeights = ScratchBuffer<Float>()
    /// [rows * (used + 1)]: rows and weights in the order of the shares.
    let rows = ScratchBuffer<Int32>()
    let weights = ScratchBuffer<Float>()
    private(set) var shares: [Share] = []
    var hasGathered: Bool { shares.contains(where: \.isGathered) }
    /// Places before each expert's, then after.
    private var ends: [Int] = []
    /// [rows * used, hidden]: rows that do not lie side by side in the pass.
    private let floats = ScratchBuffer<Float>()
    private let quantised = ScratchBuffer<lk_q8_block>()
    private let bf16 = ScratchBuffer<UInt16>()
    /// [threads, tileFloats]: products of one piece.
    let tiles = ScratchBuffer<Float>()
    private(set) var tileFloats = 0

    init(_ configuration: ExpertConfiguration, hidden: Int, inputs: Set<Matrix.Activations>) {
        (self.configuration, self.hidden, self.inputs) = (configuration, hidden, inputs)
    }

    /// - Throws: `OutOfMemoryError`.
    func reserve(_ decoder: Decoder) throws(OutOfMemoryError) {
        let rowCount = decoder.rows.count
        let places = rowCount * configuration.used
        try scores.reserve(rowCount * configuration.count)
        try chosen.reserve(places)
        try chosenWeights.reserve(places)
        try sharedWeights.reserve(rowCount)
        try rows.reserve(places + rowCount)
        try weights.reserve(places + rowCount)
        if inputs.contains(.f32) { try floats.reserve(places * hidden) }
        if inputs.contains(.int8) { try quantised.reserve(places * (hidden / 32)) }
        if inputs.contains(.bf16) { try bf16.reserve(places * hidden) }
        let widest = max(configuration.width, configuration.sharedWidth, hidden)
        let panels = (widest + Matrix.panelOutputs - 1) / Matrix.panelOutputs
        tileFloats = 2 * rowCount * decoder.grain(panels, wanted: 1) * Matrix.panelOutputs
        try tiles.reserve(decoder.pool.threads * tileFloats)
    }

    /// Shares the rows out by what was chosen for them: experts in ascending order, then the shared one.
    func share(_ experts: Experts, _ decoder: Decoder) {
        let (count, used) = (decoder.rows.count, experts.used)
        sort(count * used, experts: experts.networks.count, used: used)
        shares.removeAll(keepingCapacity: true)
        var start = 0
        for (expert, network) in experts.networks.enumerated() where ends[expert] > start {
            append(network, start..<ends[expert], decoder)
            start = ends[expert]
        }
        guard let shared = experts.shared else { return }
        for row in 0..<count {
            rows.base[start + row] = Int32(row)
            weights.base[start + row] = sharedWeights.base[row]
        }
        append(shared.network, start..<start + count, decoder)
    }

    /// Counting sort of the rows by their experts; rows of one expert stay in order.
    private func sort(_ places: Int, experts: Int, used: Int) {
        ends.removeAll(keepingCapacity: true)
        ends.append(contentsOf: repeatElement(0, count: experts + 1))
        for place in 0..<places { ends[Int(chosen.base[place]) + 1] += 1 }
        for expert in 0..<experts { ends[expert + 1] += ends[expert] }
        for place in 0..<places {
            let expert = Int(chosen.base[place])
            rows.base[ends[expert]] = Int32(place / used)
            weights.base[ends[expert]] = chosenWeights.base[place]
            ends[expert] += 1
        }
    }

    private func append(_ network: GatedNetwork, _ places: Range<Int>, _ decoder: Decoder) {
        let (first, last) = (Int(rows.base[places.lowerBound]), Int(rows.base[places.upperBound - 1]))
        let areNeighbours = last - first == places.count - 1
        let gathered = Decoder.Input(floats: floats.base, quantised: quantised.base, bf16: bf16.base)
        let before = shares.last
        shares.append(
            Share(
                network: network, first: places.lowerBound, count: places.count,
                input: areNeighbours
                    ? decoder.normalised.row(first, width: hidden) : gathered.row(places.lowerBound, width: hidden),
                isGathered: !areNeighbours,
                activated: before.map { $0.activated.row($0.count, width: $0.network.width) } ?? decoder.activated,
                unit: decoder.grain(network.gate.matrix.panels, wanted: 1),
                firstPiece: before.map { $0.firstPiece + $0.pieces } ?? 0))
    }

    /// Copies the rows of a share to where its products read them.
    func gather(_ share: Share, from source: Decoder.Input) {
        for index in 0..<share.count {
            let from = source.row(Int(rows.base[share.first + index]), width: hidden)
            let to = share.input.row(index, width: hidden)
            if inputs.contains(.f32) { to.floats.update(from: from.floats, count: hidden) }
            if inputs.contains(.int8) { to.quantised.update(from: from.quantised, count: hidden / 32) }
            if inputs.contains(.bf16) { to.bf16.update(from: from.bf16, count: hidden) }
        }
    }
}

extension Decoder.Input {
    /// The same from a row on, where rows have `width` values.
    func row(_ row: Int, width: Int) -> Self {
        Self(
            floats: floats + row * width, quantised: quantised + row * (width / 32), bf16: bf16 + row * width)
    }
}
