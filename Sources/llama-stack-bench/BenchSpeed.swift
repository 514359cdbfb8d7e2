import ArgumentParser
import CommandSupport
import Foundation
import LlamaEngine
import LlamaStackAPI

struct BenchSpeed: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "speed",
        abstract: "How fast a model loads, reads and writes, and what memory it takes.",
        discussion: """
            Measures what llama.cpp's llama-bench and llama-batched-bench do: random tokens, no sampling. prefill reads a \
            prompt; decode writes an answer after a context of some depth; batch writes several answers together, each \
            after a context of its own. Every figure is the median of several runs, with the slowest and the fastest.

              llama-stack-bench speed some.gguf --prefill 512 --depth 0 --batch none
            """)

    @OptionGroup var model: BenchModel
    @Option(help: "Tokens of the prompts to read, or none.") var prefill = Counts([32, 128, 512, 2048])
    @Option(help: "Contexts after which an answer is written, or none.") var depth = Counts([0, 512, 2048])
    @Option(help: "Tokens of such an answer.") var generate = 128
    @Option(help: "Sequences to write together, or none.") var batch = Counts([1, 2, 4, 8, 16, 32])
    @Option(help: "The context of each of them.") var batchDepth = 128
    @Option(help: "Tokens that each of them writes.") var batchGenerate = 64
    @Option(help: "Runs that count; one more warms up.") var runs = 5
    @Option(help: "Seconds after which a figure gets no further run.") var seconds = 60.0
    @Option(
        help: ArgumentHelp(
            "wall, or processor: this process's CPU time. With one thread that is what an idle machine would take.",
            valueName: "clock"))
    var clock: MeasuringClock = .wall
    @Flag(help: "Print JSON lines, each as soon as it is measured.") var json = false

    func validate() throws {
        guard (1...1000).contains(runs) else { throw ValidationError("--runs must be 1 to 1000, got \(runs)") }
        guard generate > 0, batchGenerate > 0, batchDepth >= 0 else {
            throw ValidationError("--generate and --batch-generate must be above 0, --batch-depth not below")
        }
        guard batch.values.allSatisfy({ (1...1024).contains($0) }) else {
            throw ValidationError("--batch must be 1 to 1024 sequences")
        }
        guard prefill.values.allSatisfy({ $0 > 0 }) else { throw ValidationError("--prefill must be above 0 tokens") }
    }

    func run() async throws {
        try await OwnThread.run { try measure() }
    }

    private func measure() throws {
        try BenchModel.checkInstructionSet()
        let session = SpeedSession(runs: runs, seconds: seconds, clock: clock)
        let report = SpeedReport(asJSON: json)
        report.begin(model, clock)
        let (measurement, load) = try session.load(model)
        report.add(load)
        let loaded = ProcessMemory.residentBytes
        for test in tests {
            do {
                report.add(try session.measure(test, on: measurement))
            } catch {
                throw model.failed(error)
            }
        }
        report.end(residentBytes: [
            "loaded": loaded, "end": ProcessMemory.residentBytes, "peak": ProcessMemory.peakBytes,
        ])
    }

    private var tests: [SpeedTest] {
        prefill.values.map { .prefill(tokens: $0) }
            + depth.values.map { .decode(tokens: generate, depth: $0) }
            + batch.values.map { .batch(sequences: $0, tokens: batchGenerate, depth: batchDepth) }
    }
}

extension MeasuringClock: ExpressibleByArgument {}

/// `32,128,512` or `none`
struct Counts: ExpressibleByArgument {
    let values: [Int]

    init(_ values: [Int]) { self.values = values }

    init?(argument: String) {
        if argument == "none" {
            values = []
            return
        }
        let parts = argument.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.allSatisfy({ ($0 ?? -1) >= 0 }) else { return nil }
        values = parts.compactMap { $0 }
    }

    var defaultValueDescription: String { values.map(String.init).joined(separator: ",") }
}
