import CommandSupport
import LlamaEngine

/// One figure to measure.
enum SpeedTest {
    case prefill(tokens: Int)
    case decode(tokens: Int, depth: Int)
    case batch(sequences: Int, tokens: Int, depth: Int)

    /// Positions that its longest sequence takes.
    var contextTokens: Int {
        switch self {
        case .prefill(let tokens): tokens
        case .decode(let tokens, let depth), .batch(_, let tokens, let depth): tokens + depth
        }
    }

    /// Tokens of one run, all sequences together.
    var tokens: Int {
        switch self {
        case .prefill(let tokens), .decode(let tokens, _): tokens
        case .batch(let sequences, let tokens, _): sequences * tokens
        }
    }

    var name: String {
        switch self {
        case .prefill(let tokens): "prefill \(tokens)"
        case .decode(let tokens, 0): "decode \(tokens)"
        case .decode(let tokens, let depth): "decode \(tokens) at depth \(depth)"
        case .batch(let sequences, _, _): "batch of \(sequences)"
        }
    }
}

/// The result of a measurement.
struct SpeedResult {
    enum What {
        case load
        case speed(SpeedTest)
    }

    let what: What
    /// Milliseconds of a load, tokens a second of everything else; empty when `note` says why.
    let samples: [Double]
    var note: String?
    /// The share of what a limit allows, by the median: of a loop that only reads the weights, or only multiplies.
    var share: (of: Limit, value: Double)?

    enum Limit: String {
        case reading, bytes, floats

        var name: String {
            switch self {
            case .reading: "the read loop"
            case .bytes: "the int8 loop"
            case .floats: "the FMA loop"
            }
        }
    }
}

/// Repeats measurements and says how far it is.
struct SpeedSession {
    let runs: Int
    /// No further run of a figure after this long.
    let seconds: Double
    /// The clock for everything but loading, which is the work of many threads and the disk.
    let clock: MeasuringClock
    private let progress = Progress()

    init(runs: Int, seconds: Double, clock: MeasuringClock) {
        (self.runs, self.seconds, self.clock) = (runs, seconds, clock)
    }

    /// Loads the model as often as everything else is run, and keeps the last.
    func load(_ options: BenchModel) throws -> (ModelMeasurement, SpeedResult) {
        var loaded: Model?
        let samples = try samples("load") {
            // The one before goes first: two would not fit where one does.
            loaded = nil
            let start = ContinuousClock.now
            loaded = try options.load().0
            return (ContinuousClock.now - start) / .milliseconds(1)
        }
        guard let loaded else { preconditionFailure("at least one run is made") }
        let measurement = try ModelMeasurement(
            model: loaded, precision: options.precision, cachePrecision: options.cachePrecision,
            threads: options.threadCount, clock: clock)
        return (measurement, SpeedResult(what: .load, samples: samples))
    }

    func measure(_ test: SpeedTest, on measurement: ModelMeasurement) throws -> SpeedResult {
        guard test.contextTokens <= measurement.contextTokens else {
            let note = "beyond the model's context of \(measurement.contextTokens) tokens"
            return SpeedResult(what: .speed(test), samples: [], note: note)
        }
        let time: () throws -> Duration
        switch test {
        case .prefill(let tokens):
            time = { try measurement.prefillTime(tokens: tokens) }
        case .decode(let tokens, let depth):
            let sequences = try measurement.sequences(1, depth: depth)
            time = { try measurement.decodeTime(tokens: tokens, in: sequences) }
        case .batch(let count, let tokens, let depth):
            let sequences = try measurement.sequences(count, depth: depth)
            time = { try measurement.decodeTime(tokens: tokens, in: sequences) }
        }
        let samples = try samples(test.name) { Double(test.tokens) / (try time() / .seconds(1)) }
        var result = SpeedResult(what: .speed(test), samples: samples)
        // A model of a few rows has nothing to read.
        result.share = share(of: test, Spread(samples).median, on: measurement).flatMap {
            $0.value.isFinite ? $0 : nil
        }
        return result
    }

    /// Limits are timed at once after what they limit: other machines share the memory.
    private func share(
        of test: SpeedTest, _ rate: Double, on measurement: ModelMeasurement
    ) -> (of: SpeedResult.Limit, value: Double)? {
        switch test {
        case .prefill:
            let products = rate * Double(measurement.productsPerToken)
            return measurement.multipliesBytes
                ? (.bytes, products / measurement.byteProductsPerSecond())
                : (.floats, products / measurement.multiplyAddsPerSecond())
        case .decode:
            return (.reading, rate * Double(measurement.bytesPerToken) / measurement.readBytesPerSecond())
        case .batch: return nil
        }
    }

    /// The first run warms up, unless it already took all the time there is.
    private func samples(_ name: String, _ run: () throws -> Double) rethrows -> [Double] {
        let start = ContinuousClock.now
        var samples: [Double] = []
        for round in 0...runs {
            progress.show("\(name): run \(round) of \(runs)")
            let sample = try run()
            let isOver = ContinuousClock.now - start > .seconds(seconds)
            if round > 0 || isOver { samples.append(sample) }
            if isOver { break }
        }
        progress.clear()
        return samples
    }
}
