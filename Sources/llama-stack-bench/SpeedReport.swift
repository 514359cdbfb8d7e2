import CommandSupport
import Foundation
import LlamaEngine
import LlamaStackAPI
import Parallel

/// The output of `llama-stack-bench speed`: JSON lines as they come, or one table at the end.
final class SpeedReport {
    private let asJSON: Bool
    private var rows: [[String]] = [["", "median", "slowest", "fastest", "", ""]]
    private var batchDepth: String?

    init(asJSON: Bool) { self.asJSON = asJSON }

    func begin(_ model: BenchModel, _ clock: MeasuringClock) {
        if asJSON {
            Output.json([
                "test": "machine", "engine": .string("llama-stack \(Release.version)"),
                "processor": .string(ThisMachine.processor),
                "cores": .integer(Int64(ProcessInfo.processInfo.activeProcessorCount)),
                "instructions": .string(InstructionSet.name), "load_average": .number(ThisMachine.loadAverage),
                "model": .string(model.model), "threads": .integer(Int64(model.threadCount)),
                "precision": .string(model.arithmetic.rawValue), "products": .string(model.products.rawValue),
                "cache_precision": .string(model.cache.rawValue), "clock": .string(clock.rawValue),
                "time": .string(Date().formatted(.iso8601)),
            ])
        } else {
            let arithmetic = model.products == .own ? model.arithmetic.rawValue : model.products.rawValue
            Output.line(
                "\(model.model), \(arithmetic), keys and values \(model.cache.rawValue), \(model.threadCount) threads, "
                    + "\(clock.rawValue) time; "
                    + "\(ThisMachine.processor), \(InstructionSet.name); load average \(ThisMachine.loadAverage) at the start\n"
            )
        }
    }

    func add(_ result: SpeedResult) {
        if asJSON { return Output.json(.object(result.json)) }
        let spread = Spread(result.samples)
        switch result.what {
        case .load:
            // A load's slowest is its longest.
            rows.append(["load"] + [spread.median, spread.most, spread.least].map(SpeedResult.shown) + ["ms", ""])
        case .speed(let test):
            rows.append(
                [test.name]
                    + (result.samples.isEmpty ? ["-", "-", "-"] : spread.values.map(SpeedResult.shown))
                    + ["tokens/s", result.note ?? result.sharing ?? ""])
        }
    }

    /// - Parameter residentBytes: by moment.
    func end(residentBytes: KeyValuePairs<String, Int>) {
        if asJSON {
            var object: JSONObject = ["test": "memory", "unit": "bytes"]
            for (moment, bytes) in residentBytes { object[moment] = .integer(Int64(bytes)) }
            object["load_average"] = .number(ThisMachine.loadAverage)
            return Output.json(.object(object))
        }
        let memory = residentBytes.map { String(format: "%@ %.0f MB", $0, Double($1) / 1e6) }
        Output.write(Table.text(rows))
        Output.line("\nresident memory: \(memory.joined(separator: ", ")); load average \(ThisMachine.loadAverage)")
    }
}

extension SpeedResult {
    var sharing: String? { share.map { String(format: "%.0f %% of %@", 100 * $0.value, $0.of.name) } }

    static func shown(_ value: Double) -> String { String(format: "%.1f", value) }

    var json: JSONObject {
        var object = JSONObject()
        switch what {
        case .load:
            object = ["test": "load", "unit": "milliseconds"]
        case .speed(let test):
            switch test {
            case .prefill(let tokens): object = ["test": "prefill", "tokens": .integer(Int64(tokens))]
            case .decode(let tokens, let depth):
                object = ["test": "decode", "tokens": .integer(Int64(tokens)), "depth": .integer(Int64(depth))]
            case .batch(let sequences, let tokens, let depth):
                object = [
                    "test": "batch", "sequences": .integer(Int64(sequences)), "tokens": .integer(Int64(tokens)),
                    "depth": .integer(Int64(depth)),
                ]
            }
            object["unit"] = "tokens/second"
        }
        if let note { object["note"] = .string(note) }
        if let share {
            object["limit"] = .string(share.of.rawValue)
            object["limit_share"] = .number(share.value)
        }
        if !samples.isEmpty {
            let spread = Spread(samples)
            object["median"] = .number(spread.median)
            object["min"] = .number(spread.least)
            object["max"] = .number(spread.most)
            object["samples"] = .array(samples.map { .number($0) })
        }
        object["load_average"] = .number(ThisMachine.loadAverage)
        return object
    }
}
