import Checkpoints

/// Why a trainer could not be made, or a step not be taken.
package enum TrainingError: Error, Equatable {
    /// The caller asked for it; the trainer is as it was before the step.
    case cancelled
    /// A number of the step is not finite. `rows` are the places of the step's examples in the data.
    case notFinite(step: Int, quantity: String, rows: [Int])
    /// No memory for this many more bytes.
    case outOfMemory(bytes: Int)
    /// An example can't be trained on.
    case badRow(index: Int, field: String, found: String, wanted: String)
    case badSetting(field: String, found: String, wanted: String)
    /// A saved state, or an adapter to start from, does not belong to this run.
    case badState(name: String, found: String, wanted: String)
}

extension TrainingError {
    static func ofExperts(_ model: ModelConfiguration) -> TrainingError {
        .badSetting(
            field: "model", found: "a mixture of \(model.experts?.count ?? 0) experts (\(model.architecture))",
            wanted: "a dense model: experts are served, not trained")
    }
}

extension TrainingError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .cancelled: "cancelled"
        case .notFinite(let step, let quantity, let rows):
            "step \(step): \(quantity) is not finite, on rows \(rows.map(String.init).joined(separator: ", ")); "
                + "a lower learning rate may help"
        case .outOfMemory(let bytes): "no memory for \(bytes) more bytes"
        case .badRow(let index, let field, let found, let wanted):
            "row \(index): \(field): found \(found), wanted \(wanted)"
        case .badSetting(let field, let found, let wanted): "\(field): found \(found), wanted \(wanted)"
        case .badState(let name, let found, let wanted): "state '\(name)': found \(found), wanted \(wanted)"
        }
    }
}
