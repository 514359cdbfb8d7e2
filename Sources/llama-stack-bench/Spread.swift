import Foundation
import LlamaStackAPI

/// Several measurements of one thing.
struct Spread {
    private let sorted: [Double]

    init(_ values: [Double]) { sorted = values.sorted() }

    var median: Double {
        guard !sorted.isEmpty else { return .nan }
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }

    var least: Double { sorted.first ?? .nan }
    var most: Double { sorted.last ?? .nan }

    /// Median, least, most.
    var values: [Double] { [median, least, most] }
    var cells: [String] { values.map { String(format: "%.1f", $0) } }

    var json: JSON { ["median": .number(median), "min": .number(least), "max": .number(most)] }
}
