import Checkpoints

/// A low-rank change of a model (LoRA, Hu et al. 2021, arXiv:2106.09685), computed beside the model's own products:
/// y = W x + scale · B (A x). The model stays as it is, so any number of adapters, and the model alone, share one pass.
///
/// With magnitudes m (DoRA, Liu et al. 2024, arXiv:2402.09353) y = g · (W x + scale · B (A x)), for each output
/// g = m / ‖W + scale · BA‖. The norms are computed once, here, from the weights that the model has.
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
        /// m: [outputs], in the order of B's rows; nil without DoRA.
        package var magnitude: [Float]?

        package init(rank: Int, scale: Float, a: [Float], b: [Float], magnitude: [Float]? = nil) {
            (self.rank, self.scale, self.a, self.b, self.magnitude) = (rank, scale, a, b, magnitude)
        }
    }

    /// A product of a model.
    package struct Place: Hashable, Sendable {
        /// 0 for the head.
        package let layer: Int
        package let target: AdapterTarget

        package init(layer: Int, target: AdapterTarget) {
            (self.layer, self.target) = (layer, target)
        }

        package static let head = Place(layer: 0, target: .head)
    }

    /// The largest rank of one product.
    package static let rankMax = 1024

    /// Numbers in all A, B and magnitudes.
    package let parameters: Int
    /// Tells this adapter from every other, also after it is gone: what was computed with it can be kept under this.
    package let identity = UInt64.random(in: .min ... .max)
    private let model: ModelConfiguration
    private let weights: AdapterWeights

    /// - Parameters:
    ///   - changes: at least one. What they do not name stays unchanged.
    ///   - model: the model that the adapter is for. It is read here alone, and not kept.
    /// - Throws: `AdapterError` when a change does not fit the model, a number is not finite, or memory is short.
    package init(_ changes: [Place: Change], for model: Model) throws(AdapterError) {
        let configuration = model.configuration
        guard !changes.isEmpty else { throw AdapterError("the adapter", found: "no change", wanted: "at least one") }
        for (place, change) in changes { try change.check(at: place, of: configuration) }
        parameters = changes.values.reduce(0) { $0 + $1.a.count + $1.b.count + ($1.magnitude?.count ?? 0) }
        self.model = configuration
        weights = try AdapterWeights(changes, for: model)
    }

    /// Bytes that the adapter holds.
    package var bytes: Int { weights.bytes }

    /// Whether it changes products of these sizes, in this order of rows.
    package func fits(_ other: ModelConfiguration) -> Bool {
        model.layers == other.layers && model.hidden == other.hidden && model.feedForward == other.feedForward
            && model.heads == other.heads && model.keyValueHeads == other.keyValueHeads
            && model.headDimension == other.headDimension && model.rope.order == other.rope.order
            && model.vocabulary == other.vocabulary && model.experts == other.experts
    }

    // MARK: For the forward pass

    /// The most columns that A x has in one stage of a layer.
    var columnsMax: Int { weights.columnsMax }

    /// Whether some product is multiplied by DoRA's factors.
    var hasFactors: Bool { weights.hasFactors }

    /// The A of the products that share the input of `stage`; nil where none is changed.
    func first(_ stage: AdapterStage, layer: Int) -> AdapterWeights.First? { weights.first(stage, layer: layer) }

    /// The B of one product; nil where it is unchanged.
    func second(_ target: AdapterTarget, layer: Int) -> AdapterWeights.Second? { weights.second(target, layer: layer) }
}

package struct AdapterError: Error, Equatable, CustomStringConvertible {
    package var field: String
    package var found: String
    package var wanted: String

    init(_ field: String, found: String, wanted: String) {
        (self.field, self.found, self.wanted) = (field, found, wanted)
    }

    package var description: String { "\(field): found \(found), wanted \(wanted)" }

    static func ofExperts(_ place: Adapter.Place) -> AdapterError {
        AdapterError("\(place)", found: "a change of a mixture of experts", wanted: AdapterTarget.expertsAreNot)
    }
}

extension Adapter.Place {
    /// Whether the model has this product as one: a layer of experts has no feed-forward network of its own.
    func isAdapted(in model: ModelConfiguration) -> Bool {
        ![.feedForward, .activated].contains(target.stage) || !model.hasExperts(inLayer: layer)
    }
}

extension Adapter.Place: CustomStringConvertible {
    /// `q_proj of layer 3`, `lm_head`
    package var description: String { target == .head ? target.rawValue : "\(target.rawValue) of layer \(layer)" }
}

extension Adapter.Change {
    fileprivate func check(at place: Adapter.Place, of model: ModelConfiguration) throws(AdapterError) {
        let layers = place.target == .head ? 0..<1 : 0..<model.layers
        guard layers.contains(place.layer) else {
            throw AdapterError("the adapter", found: "layer \(place.layer)", wanted: "0 to \(layers.count - 1)")
        }
        guard place.isAdapted(in: model) else { throw AdapterError.ofExperts(place) }
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
        guard magnitude.map({ $0.count == outputs }) ?? true else {
            throw AdapterError(
                "magnitude of \(place)", found: "\(magnitude?.count ?? 0) numbers", wanted: "[\(outputs)]")
        }
        guard scale.isFinite else {
            throw AdapterError("scale of \(place)", found: "\(scale)", wanted: "a finite number")
        }
        for (name, values) in [("A", a), ("B", b), ("magnitude", magnitude ?? [])] {
            guard let index = values.firstIndex(where: { !$0.isFinite }) else { continue }
            let found = values[index].isNaN ? "a NaN" : "\(values[index])"
            throw AdapterError("\(name) of \(place)", found: "\(found) at number \(index)", wanted: "finite numbers")
        }
    }
}
