import ArgumentParser
import CommandSupport
import Foundation
import LlamaStackAPI

struct BenchPlot: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plot",
        abstract: "Draw how speed changes with depth and with the batch, as SVG.",
        discussion: """
            Takes files of JSON lines as `llama-stack-bench speed --json` writes them, one for each engine, and writes \
            speed-by-depth.svg and speed-by-batch.svg.

              llama-stack-bench speed some.gguf --depth 0,1024,2048,4096 --json > ours.jsonl
              llama-stack-bench plot ours.jsonl --output Benchmarks
            """)

    @Argument(help: "Files of measurements.", completion: .file()) var files: [String]
    @Option(help: "The folder to write to.", completion: .directory) var output = "."

    func run() async throws {
        let measured = try files.map(Measured.init)
        try write(
            "speed-by-depth.svg",
            LineChart(
                title: "Decode after a context, one sequence", xTitle: "tokens of context",
                yTitle: "tokens/s", isLogarithmic: false, series: measured.map { $0.series("decode", by: "depth") }))
        try write(
            "speed-by-batch.svg",
            LineChart(
                title: "Decode of several sequences together", xTitle: "sequences", yTitle: "tokens/s, all together",
                isLogarithmic: true, series: measured.map { $0.series("batch", by: "sequences") }))
    }

    private func write(_ name: String, _ chart: LineChart) throws {
        guard chart.series.contains(where: { !$0.points.isEmpty }) else {
            return Output.error("no \(name): nothing in these files belongs on it")
        }
        let path = output + "/" + name
        do {
            try Data(chart.svg.utf8).write(to: URL(fileURLWithPath: path))
        } catch {
            throw Fail.with("error: can't write \(path): \(error.localizedDescription)", exitCode: 73)
        }
        Output.line(path)
    }

    /// One file's lines.
    private struct Measured {
        let name: String
        let rows: [JSON]

        init(_ path: String) throws {
            guard let data = FileManager.default.contents(atPath: path) else {
                throw Fail.with("error: can't read \(path)", exitCode: 66)
            }
            do {
                rows = try data.split(separator: UInt8(ascii: "\n")).map { try JSON(parsing: Array($0)) }
            } catch {
                throw Fail.with("error: \(path) is not JSON lines: \(error)", exitCode: 65)
            }
            let machine = rows.first { $0["test"]?.stringValue == "machine" }
            name = machine?["engine"]?.stringValue ?? URL(fileURLWithPath: path).lastPathComponent
        }

        func series(_ test: String, by key: String) -> LineChart.Series {
            let points = rows.filter { $0["test"]?.stringValue == test }.compactMap { row -> LineChart.Point? in
                guard let x = row[key]?.numberValue, let y = row["median"]?.numberValue else { return nil }
                return LineChart.Point(
                    x: x, y: y, least: row["min"]?.numberValue ?? y, most: row["max"]?.numberValue ?? y)
            }
            return LineChart.Series(name: name, points: points.sorted { $0.x < $1.x })
        }
    }
}
