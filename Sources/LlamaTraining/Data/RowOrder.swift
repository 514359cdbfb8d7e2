import LlamaEngine

/// The examples of each step: a function of seed and epoch, so that a run can go on from any step.
struct RowOrder {
    let rows: Int
    let batchSize: Int
    let seed: UInt64
    let shuffles: Bool
    private var epoch = -1
    private var order: [Int] = []

    init(rows: Int, settings: TrainingSettings) {
        self.rows = rows
        batchSize = settings.batchSize
        seed = settings.seed
        shuffles = settings.shufflesRows
    }

    var stepsPerEpoch: Int { (rows + batchSize - 1) / batchSize }

    /// The places of a step's examples, step from 0. The last step of an epoch has what is left.
    mutating func rows(of step: Int) -> ArraySlice<Int> {
        let wanted = step / stepsPerEpoch
        if wanted != epoch {
            epoch = wanted
            order = Self.order(rows: rows, epoch: wanted, seed: seed, shuffles: shuffles)
        }
        let first = step % stepsPerEpoch * batchSize
        return order[first..<min(rows, first + batchSize)]
    }

    /// Fisher and Yates, from the end: place i changes with floor(unit · (i + 1)), units of SplitMix64 seeded with
    /// seed · 2³² + epoch.
    static func order(rows: Int, epoch: Int, seed: UInt64, shuffles: Bool) -> [Int] {
        var order = Array(0..<rows)
        guard shuffles else { return order }
        var random = SplitMix64(seed: seed << 32 &+ UInt64(epoch))
        for place in stride(from: rows - 1, to: 0, by: -1) {
            order.swapAt(place, Int(random.nextUnit() * Double(place + 1)))
        }
        return order
    }
}
