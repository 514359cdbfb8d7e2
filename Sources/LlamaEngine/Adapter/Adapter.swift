import Checkpoints

/// A low-rank change of a model (LoRA, Hu et al. 2021, arXiv:2106.09685), computed beside the model's own products:
/// y = W x + scale · B (A x). The model stays as it is, so any number of adapters, and the model alone, share one pass.
///
/// Immutable; any thread. There is no register of adapters: a request carries its own, and an adapter's memory is freed
/// when the last reference to it is released. So a newly trained adapter is served by making it from the trained
/// numbers and handing it to a request.
package final class Adapter: @unchecked Sendable {  // safe: written by init alone
    /// An adapter's change to one product.
    package struct Change: Sendable {
        package var rank: Int
        /// `alpha / rank`, or `alpha / sqrt(rank)` for rank-stabilised adapters.
        package var scale: Float
        /// A: [rank, inputs], row-major.
        package var a: [Float]
        /// B: [outputs, rank], row-major. Rows stand in the order of the released weights, whatever the order of the
        /// model's own file is.
        package var b: [Float]

        package init(rank: Int, scale: Float, a: [Float], b: [Float]) {
            (self.rank, self.scale, self.a, self.b) = (rank, scale, a, b)
        }
    }

    /// A product of a model.
    package struct Place: Hashable, Sendable {
        package let layer: Int
        package let target: AdapterTarget

        package init(layer: Int, target: AdapterTarget) {
            (self.layer, self.target) = (layer, target)
        }
    }

    /// The largest rank of one product.
    package static let rankMax = 1024

    /// Numbers in all A and B.
    package let parameters: Int
    /// Tells this adapter from every other, also after it is gone: what was computed with it can be kept under this.
    package let identity = UInt64.random(in: .min ... .max)
    private let model: ModelConfiguration
    private let weights: AdapterWeights

    /// - Parameters:
    ///   - changes: at least one. What they do not name stays unchanged.
    ///   - model: the configuration of the model that the adapter is for.
    /// - Throws: `AdapterError` when a change does not fit the model, a number is not finite, or memory is short.
    package init(_ changes: [Place: Change], for model: ModelConfiguration) throws(AdapterError) {
        guard !changes.isEmpty else { throw AdapterError("the adapter", found: "no change", wanted: "at least one") }
        for (place, change) in changes { try change.check(at: place, of: model) }
        parameters = changes.values.reduce(0) { $0 + $1.a.count + $1.b.count }
        self.model = model
        weights = try AdapterWeights(changes, for: model)
    }

    /// Bytes that the adapter holds.
    package var bytes: Int { weights.bytes }

    /// Whether it changes products of these sizes, in this order of rows.
    package func fits(_ other: ModelConfiguration) -> Bool {
        model.layers == other.layers && model.hidden == other.hidden && model.feedForward == other.feedForward
            && model.heads == other.heads && model.keyValueHeads == other.keyValueHeads
            && model.headDimension == other.headDimension && model.rope.order == other.rope.order
    }

    // MARK: For the forward pass

    /// The most columns that A x has in one stage of a layer.
    var columnsMax: Int { weights.columnsMax }

    /// The A of the products that share the input of `stage`; nil where none is changed.
    func first(_ stage: AdapterStage, layer: Int) -> AdapterWeights.First? {
        weights.firsts[layer * AdapterStage.allCases.count + stage.rawValue]
    }

    /// The B of one product; nil where it is unchanged.
    func second(_ target: AdapterTarget, layer: Int) -> AdapterWeights.Second? {
        weights.seconds[layer * AdapterTarget.allCases.count + target.index]
    }
}

/// An adapter that can't be made: where, what was there and what belongs there.
package struct AdapterError: Error, Equatable, CustomStringConvertible {
    package var field: String
    package var found: String
    package var wanted: String

    init(_ field: String, found: String, wanted: String) {
        (self.field, self.found, self.wanted) = (field, found, wanted)
    }

    package var description: String { "\(field): found \(found), wanted \(wanted)" }
}

extension Adapter.Place: CustomStringConvertible {
    /// `q_proj of layer 3`
    package var description: String { "\(target.rawValue) of layer \(layer)" }
}

extension Adapter.Change {
    fileprivate func check(at place: Adapter.Place, of model: ModelConfiguration) throws(AdapterError) {
        guard (0..<model.layers).contains(place.layer) else {
            throw AdapterError("the adapter", found: "layer \(place.layer)", wanted: "0 to \(model.layers - 1)")
        }
        guard (1...Adapter.rankMax).contains(rank) else {
            throw AdapterError("rank of \(place)", found: "\(rank)", wanted: "1 to rankMax = \(Adapter.rankMax)")
        }
        let (inputs, outputs) = place.target.size(in: model)
        guard a.count == rank * inputs else {
            throw AdapterError("A of \(place)", found: "\(a.count) numbers", wanted: "[\(rank), \(inputs)]")
        }
        guard b.count == outputs * rank else {
            throw AdapterError("B of \(place)", found: "\(b.count) numbers", wanted: "[\(outputs), \(rank)]")
        }
        guard scale.isFinite else {
            throw AdapterError("scale of \(place)", found: "\(scale)", wanted: "a finite number")
        }
        for (name, values) in [("A", a), ("B", b)] {
            guard let index = values.firstIndex(where: { !$0.isFinite }) else { continue }
            let found = values[index].isNaN ? "a NaN" : "\(values[index])"
            throw AdapterError("\(name) of \(place)", found: "\(found) at number \(index)", wanted: "finite numbers")
        }
    }
}
