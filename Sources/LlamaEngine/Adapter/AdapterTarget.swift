import Checkpoints

/// The products that an adapter can change, by the names that they have in released weights: those of a layer, and the
/// head.
package enum AdapterTarget: String, Sendable, Codable, CaseIterable {
    case query = "q_proj"
    case key = "k_proj"
    case value = "v_proj"
    case output = "o_proj"
    case gate = "gate_proj"
    case up = "up_proj"
    case down = "down_proj"
    case head = "lm_head"

    /// All but the head.
    package static let ofLayer: [AdapterTarget] = allCases.filter { $0 != .head }

    static let expertsAreNot = "changes of attention and the head: experts and their router are not adapted"

    /// Place in `allCases`.
    var index: Int {
        switch self {
        case .query: 0
        case .key: 1
        case .value: 2
        case .output: 3
        case .gate: 4
        case .up: 5
        case .down: 6
        case .head: 7
        }
    }

    /// The name of the product in released weights.
    func module(layer: Int) -> String {
        switch self {
        case .query, .key, .value, .output: "model.layers.\(layer).self_attn.\(rawValue)"
        case .gate, .up, .down: "model.layers.\(layer).mlp.\(rawValue)"
        case .head: rawValue
        }
    }

    var stage: AdapterStage {
        switch self {
        case .query, .key, .value: .attention
        case .output: .attended
        case .gate, .up: .feedForward
        case .down: .activated
        case .head: .final
        }
    }

    package func size(in model: ModelConfiguration) -> (inputs: Int, outputs: Int) {
        let queries = model.heads * model.headDimension
        return switch self {
        case .query: (model.hidden, queries)
        case .key, .value: (model.hidden, model.keyValueHeads * model.headDimension)
        case .output: (queries, model.hidden)
        case .gate, .up: (model.hidden, model.feedForward)
        case .down: (model.feedForward, model.hidden)
        case .head: (model.hidden, model.vocabulary)
        }
    }

    /// Where row `output` of the product, as the model computes it, stands in released weights: files of the
    /// interleaved order have the rows of queries and keys permuted.
    package func releasedRow(_ output: Int, in model: ModelConfiguration) -> Int {
        guard self == .query || self == .key, model.rope.order == .interleaved else { return output }
        let place = output % model.headDimension
        return output - place + place / 2 + place % 2 * (model.headDimension / 2)
    }
}

/// The inputs of a layer's products, in the order in which a pass makes them, and the head's: products that share one
/// have the first half of their changes computed together.
enum AdapterStage: Int, Sendable, CaseIterable {
    /// The input of the query, key and value products.
    case attention
    /// The input of attention's output product.
    case attended
    /// The input of the gate and up products.
    case feedForward
    /// The input of the down product.
    case activated
    /// The input of the head: the last norm's output.
    case final

    /// All but the head's.
    static let ofLayer: [AdapterStage] = allCases.filter { $0 != .final }

    var targets: [AdapterTarget] { AdapterTarget.allCases.filter { $0.stage == self } }
}
