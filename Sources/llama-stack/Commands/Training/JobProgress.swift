import Foundation

/// A job as far as its log has told.
struct JobProgress: Sendable {
    struct Point: Sendable, Equatable {
        let step: Int
        let value: Double
    }

    private(set) var steps = 0
    private(set) var losses: [Point] = []
    private(set) var validations: [Point] = []
    private(set) var isBest = false
    /// Under which id its checkpoints answer.
    private(set) var servedID: String?
    private(set) var lastLine = ""
    /// The latest `key value` pairs of a step.
    private var values: [Substring: Substring] = [:]

    /// Takes the next line. True for one that a reader of the progress alone should see too: all but those of steps.
    mutating func take(_ line: String) -> Bool {
        lastLine = line
        let words = line.split(separator: " ")
        let pairs = Dictionary(
            stride(from: 0, to: words.count - 1, by: 2).map { (words[$0], words[$0 + 1]) },
            uniquingKeysWith: { first, _ in first })
        if let (step, steps) = Self.place(pairs["step"]) {
            self.steps = steps
            if words[0] == "step" {
                values = pairs
                if let loss = pairs["loss"].flatMap({ Double($0) }) { losses.append(Point(step: step, value: loss)) }
                return false
            }
            if words[0] == "validation", let loss = Double(words[1]) {
                validations.append(Point(step: step, value: loss))
                isBest = words.last == "best"
                return false
            }
        }
        if words.count > 5, words[0] == "checkpoint", words[2...4] == ["is", "served", "as"] {
            servedID = String(words[5])
        }
        return true
    }

    /// `84/240`
    private static func place(_ word: Substring?) -> (step: Int, steps: Int)? {
        guard let parts = word?.split(separator: "/"), parts.count == 2, let step = Int(parts[0]),
            let steps = Int(parts[1])
        else { return nil }
        return (step, steps)
    }

    // MARK: For people

    /// ` step  84/240  loss 0.412  validation 0.388 (best)  lr 7.6e-04  301 tokens/s  3 min left  ▁▂▃▅▇`; nil before
    /// the first step.
    var line: String? {
        guard let last = losses.last else { return nil }
        let total = String(steps)
        let step = String(repeating: " ", count: max(0, total.count - String(last.step).count)) + String(last.step)
        var parts = ["step \(step)/\(total)", "loss \(Self.shown(last.value))"]
        if let validation = validations.last {
            parts.append("validation \(Self.shown(validation.value))\(isBest ? " (best)" : "")")
        }
        if let accuracy = values["accuracy"] { parts.append("accuracy \(accuracy)") }
        if let rate = values["lr"] { parts.append("lr \(rate)") }
        if let speed = values["tokens_per_s"] { parts.append("\(speed) tokens/s") }
        if let seconds = values["seconds_left"].flatMap({ Double($0) }), last.step < steps {
            parts.append(Self.duration(seconds) + " left")
        }
        return " " + parts.joined(separator: "  ") + "  " + Self.bars(losses.suffix(400).map(\.value), columns: 16)
    }

    private static func shown(_ value: Double) -> String { String(format: "%.3f", value) }

    private static func duration(_ seconds: Double) -> String {
        switch seconds {
        case ..<90: "\(Int(seconds)) s"
        case ..<5400: "\(Int((seconds / 60).rounded())) min"
        default: String(format: "%.1f h", seconds / 3600)
        }
    }

    private static let eighths: [Character] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

    /// Means of the values as columns of text, the smallest the lowest.
    private static func bars(_ values: [Double], columns: Int) -> String {
        let means = means(values, columns: columns)
        guard let least = means.min(), let most = means.max() else { return "" }
        let width = max(most - least, 1e-9)
        return String(means.map { eighths[1 + Int(($0 - least) / width * 7)] })
    }

    private static func means(_ values: [Double], columns: Int) -> [Double] {
        let count = min(columns, values.count)
        return (0..<count).map { column in
            let part = values[column * values.count / count..<(column + 1) * values.count / count]
            return part.reduce(0, +) / Double(part.count)
        }
    }

    private static let (curveRows, curveColumns) = (8, 60)

    /// The loss over the steps as a picture in text; nil with fewer than two steps.
    var curve: String? {
        guard losses.count > 1, let last = losses.last else { return nil }
        let means = Self.means(losses.map(\.value), columns: Self.curveColumns)
        guard let most = means.max(), most > 0 else { return nil }
        let levels = means.map { Int(($0 / most * Double(Self.curveRows * 8)).rounded()) }
        let label = String(format: "%.2f", most)
        let blank = String(repeating: " ", count: label.count)
        var lines = ["loss"]
        for row in (0..<Self.curveRows).reversed() {
            let bar = String(levels.map { Self.eighths[min(8, max(0, $0 - row * 8))] })
            lines.append("\(row == Self.curveRows - 1 ? label : blank) │\(bar)")
        }
        lines.append(
            "\(String(repeating: " ", count: blank.count - 1))0 └" + String(repeating: "─", count: means.count))
        let first = losses[0].step
        let gap = max(1, means.count - String(first).count - String(last.step).count - 5)
        lines.append("\(blank)  step \(first)" + String(repeating: " ", count: gap) + "\(last.step)")
        return lines.joined(separator: "\n")
    }
}
