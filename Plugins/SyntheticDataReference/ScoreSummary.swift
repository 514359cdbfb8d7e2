import ProviderKit

/// A few numbers that say how scores are spread.
package struct ScoreSummary: Sendable, Equatable {
    package let minimum, lowerQuartile, median, upperQuartile, maximum, mean: Double
    /// How many lie in each of ten equal parts between minimum and maximum; one part where these are equal.
    package let histogram: [Int]

    private static let parts = 10

    /// nil for none.
    package init?(_ scores: [Double]) {
        let sorted = scores.sorted()
        guard let least = sorted.first, let most = sorted.last else { return nil }
        (minimum, maximum) = (least, most)
        (lowerQuartile, median, upperQuartile) = (
            Self.quantile(sorted, 0.25), Self.quantile(sorted, 0.5), Self.quantile(sorted, 0.75)
        )
        mean = sorted.reduce(0) { $0 + $1 / Double(sorted.count) }
        let width = (most - least) / Double(Self.parts)
        guard width > 0 else {
            histogram = [sorted.count]
            return
        }
        var counts = Array(repeating: 0, count: Self.parts)
        for score in sorted { counts[min(Self.parts - 1, Int((score - least) / width))] += 1 }
        histogram = counts
    }

    /// Between the two nearest, in proportion (Hyndman and Fan 1996, type 7).
    private static func quantile(_ sorted: [Double], _ share: Double) -> Double {
        let place = share * Double(sorted.count - 1)
        let below = Int(place)
        let above = min(below + 1, sorted.count - 1)
        return sorted[below] + (sorted[above] - sorted[below]) * (place - Double(below))
    }

    package var json: JSONObject {
        [
            "minimum": .number(minimum), "lower_quartile": .number(lowerQuartile), "median": .number(median),
            "upper_quartile": .number(upperQuartile), "maximum": .number(maximum), "mean": .number(mean),
            "histogram": .array(histogram.map { .integer(Int64($0)) }),
        ]
    }
}
