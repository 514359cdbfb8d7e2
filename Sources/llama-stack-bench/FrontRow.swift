import Foundation
import LlamaStackAPI

/// One row of what the front costs: two things measured in turn, and the figure that is made of both.
struct FrontRow: Sendable {
    enum Figure: Sendable {
        /// The first is to be at least this many times the second.
        case ratio(must: Double, aim: Double)
        /// The first is to be at most this many times the second.
        case ratioAtMost(must: Double, aim: Double)
        /// The first is to be above the second by at most this.
        case added(must: Double, aim: Double)
        /// The first is told as many times the second, and has nothing to reach.
        case told
    }

    /// snake_case, for programs.
    let key: String
    let name: String
    let unit: String
    let figure: Figure
    /// A value of each for each round.
    var values: [Double] = []
    var beside: [Double] = []

    mutating func add(_ value: Double, beside other: Double) {
        values.append(value)
        beside.append(other)
    }

    /// The figure of each round: what changes from round to round counts for both.
    private var figures: Spread {
        Spread(
            zip(values, beside).map { value, other in
                if case .added = figure { value - other } else { value / other }
            })
    }

    var isReached: Bool {
        switch figure {
        case .ratio(let must, _): figures.median >= must
        case .ratioAtMost(let must, _), .added(let must, _): figures.median <= must
        case .told: true
        }
    }

    private var bounds: (must: Double, aim: Double)? {
        switch figure {
        case .ratio(let must, let aim), .ratioAtMost(let must, let aim), .added(let must, let aim): (must, aim)
        case .told: nil
        }
    }

    static let headings = ["", "", "beside", "figure", "least", "most", "must", "aim", ""]

    var cells: [String] {
        let sign = if case .added = figure { "+" } else { "×" }
        func shown(_ value: Double) -> String { sign + String(format: "%.3g", value) }
        return [
            name, String(format: "%.5g %@", Spread(values).median, unit),
            String(format: "%.5g", Spread(beside).median), shown(figures.median), shown(figures.least),
            shown(figures.most), bounds.map { shown($0.must) } ?? "", bounds.map { shown($0.aim) } ?? "",
            isReached ? "" : "missed",
        ]
    }

    var json: JSON {
        [
            "row": .string(key), "unit": .string(unit), "value": Spread(values).json, "beside": Spread(beside).json,
            "figure": figures.json, "must": bounds.map { .number($0.must) } ?? .null,
            "aim": bounds.map { .number($0.aim) } ?? .null,
            "reached": .bool(isReached),
        ]
    }
}
