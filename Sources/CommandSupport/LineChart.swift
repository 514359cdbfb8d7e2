import Foundation

/// Lines over a common axis, as an SVG that reads in light and dark: medians, with a bar from the slowest to the
/// fastest.
package struct LineChart {
    package struct Point {
        package let x: Double
        package let y: Double
        let least: Double
        let most: Double

        /// - Parameters:
        ///   - least: the lower end of its bar; the point itself where there is none.
        ///   - most: the upper end.
        package init(x: Double, y: Double, least: Double? = nil, most: Double? = nil) {
            (self.x, self.y, self.least, self.most) = (x, y, least ?? y, most ?? y)
        }
    }

    package struct Series {
        package let name: String
        package let points: [Point]
        /// Whether each point has a mark, beside the line through all of them.
        let isMarked: Bool

        package init(name: String, points: [Point], isMarked: Bool = true) {
            (self.name, self.points, self.isMarked) = (name, points, isMarked)
        }
    }

    let title: String
    let xTitle: String
    let yTitle: String
    /// The x axis in powers of two; else from 0 on.
    let isLogarithmic: Bool
    package let series: [Series]

    package init(title: String, xTitle: String, yTitle: String, isLogarithmic: Bool = false, series: [Series]) {
        (self.title, self.xTitle, self.yTitle) = (title, xTitle, yTitle)
        (self.isLogarithmic, self.series) = (isLogarithmic, series)
    }

    private static let (width, height) = (720.0, 400.0)
    private static let (left, right, top, bottom) = (70.0, 24.0, 76.0, 56.0)
    private static let style = """
        text { font: 13px system-ui, sans-serif; fill: #333 } .title { font-size: 16px; font-weight: 600 }
        .paper { fill: #fff } .grid { stroke: #ddd } .s0 { --c: #0b62c4 } .s1 { --c: #c2410c } .s2 { --c: #15803d }
        .s3 { --c: #7e22ce } .line { fill: none; stroke: var(--c); stroke-width: 2 } .mark { fill: var(--c) }
        .bar { stroke: var(--c); stroke-width: 1.5; opacity: .5 }
        @media (prefers-color-scheme: dark) { text { fill: #ddd } .paper { fill: #16181d } .grid { stroke: #3a3d44 }
        .s0 { --c: #6cb2ff } .s1 { --c: #ff9a62 } .s2 { --c: #5fd38a } .s3 { --c: #cf9bff } }
        """

    private var points: [Point] { series.flatMap(\.points) }
    private var yStep: Double { Self.step(for: points.map(\.most).max() ?? 1) }
    private var yTop: Double { ((points.map(\.most).max() ?? 1) / yStep).rounded(.up) * yStep }

    package var svg: String {
        var lines = [
            #"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \#(Int(Self.width)) \#(Int(Self.height))" "#
                + #"role="img" aria-label="\#(Self.escaped(title))">"#,
            "<style>\(Self.style)</style>",
            #"<rect class="paper" width="100%" height="100%"/>"#,
            Self.text(title, x: Self.left, y: 26, anchor: "start", kind: "title"),
            Self.text(xTitle, x: (Self.left + Self.width - Self.right) / 2, y: Self.height - 14, anchor: "middle"),
            #"<text transform="translate(18 \#(Self.shown((Self.top + Self.height - Self.bottom) / 2))) rotate(-90)" "#
                + #"text-anchor="middle">\#(Self.escaped(yTitle))</text>"#,
        ]
        lines += grid
        for (index, series) in series.enumerated() where !series.points.isEmpty {
            lines += drawn(series, index)
        }
        return (lines + ["</svg>"]).joined(separator: "\n") + "\n"
    }

    private var grid: [String] {
        var lines: [String] = []
        for value in stride(from: 0, through: yTop, by: yStep) {
            let height = y(value)
            lines.append(Self.line(Self.left, height, Self.width - Self.right, height, "grid"))
            lines.append(Self.text(Self.number(value), x: Self.left - 8, y: height + 4, anchor: "end"))
        }
        for value in xTicks {
            lines.append(
                Self.text(Self.number(value), x: x(value), y: Self.height - Self.bottom + 20, anchor: "middle"))
        }
        return lines
    }

    private func drawn(_ series: Series, _ index: Int) -> [String] {
        let path = series.points.map { "\(Self.shown(x($0.x))),\(Self.shown(y($0.y)))" }.joined(separator: " ")
        var lines = [#"<g class="s\#(index % 4)">"#]
        for point in series.points where point.most > point.least {
            lines.append(Self.line(x(point.x), y(point.least), x(point.x), y(point.most), "bar"))
        }
        lines.append(#"<polyline class="line" points="\#(path)"/>"#)
        for point in series.isMarked ? series.points : [] {
            lines.append(mark(index, x(point.x), y(point.y)))
        }
        let key = Self.left + Double(index) * 230
        lines.append(mark(index, key + 5, 52))
        lines.append("</g>")
        lines.append(Self.text(series.name, x: key + 16, y: 56, anchor: "start"))
        return lines
    }

    /// Shapes differ too, for those who do not tell the colours apart.
    private func mark(_ index: Int, _ x: Double, _ y: Double) -> String {
        index % 2 == 0
            ? #"<circle class="mark" cx="\#(Self.shown(x))" cy="\#(Self.shown(y))" r="4.5"/>"#
            : #"<rect class="mark" x="\#(Self.shown(x - 4))" y="\#(Self.shown(y - 4))" width="8" height="8"/>"#
    }

    // MARK: scales

    private func x(_ value: Double) -> Double {
        let values = points.map(\.x)
        let place = { (value: Double) -> Double in isLogarithmic ? log2(max(value, 1)) : value }
        let (first, last) = (isLogarithmic ? place(values.min() ?? 1) : 0, place(values.max() ?? 1))
        let share = last > first ? (place(value) - first) / (last - first) : 0.5
        return Self.left + share * (Self.width - Self.left - Self.right)
    }

    private func y(_ value: Double) -> Double {
        Self.height - Self.bottom - value / yTop * (Self.height - Self.top - Self.bottom)
    }

    private var xTicks: [Double] {
        let values = Set(points.map(\.x)).sorted()
        guard !isLogarithmic, let last = values.last, last > 0 else { return values }
        // Powers of two are how contexts come.
        var step = 1.0
        while last / step > 8 { step *= 2 }
        return Array(stride(from: 0, through: last, by: step))
    }

    /// 1, 2 or 5 times a power of ten, so that there are at most six.
    private static func step(for most: Double) -> Double {
        guard most > 0, most.isFinite else { return 1 }
        let power = pow(10, (log10(most / 6)).rounded(.down))
        return [1, 2, 5, 10].map { $0 * power }.first { most / $0 <= 6 } ?? 10 * power
    }

    // MARK: elements

    private static func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ kind: String) -> String {
        #"<line class="\#(kind)" x1="\#(shown(x1))" y1="\#(shown(y1))" x2="\#(shown(x2))" y2="\#(shown(y2))"/>"#
    }

    private static func text(_ text: String, x: Double, y: Double, anchor: String, kind: String? = nil) -> String {
        let attribute = kind.map { #" class="\#($0)""# } ?? ""
        return
            #"<text\#(attribute) x="\#(shown(x))" y="\#(shown(y))" text-anchor="\#(anchor)">\#(escaped(text))</text>"#
    }

    private static func shown(_ value: Double) -> String { String(format: "%.1f", value) }
    private static func number(_ value: Double) -> String {
        value == value.rounded() ? String(format: "%.0f", value) : String(format: "%g", value)
    }
    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing("\"", with: "&quot;")
    }
}
