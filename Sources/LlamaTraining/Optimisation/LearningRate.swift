#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The learning rate as a function of the optimiser's step: it rises in a straight line, then falls along half a cosine
/// (Loshchilov and Hutter 2016, arXiv:1608.03983).
struct LearningRate {
    let steps: Int
    let warmup: Int
    let peak: Double
    let floor: Double

    init(steps: Int, settings: TrainingSettings) {
        self.steps = steps
        // 0.07 · 100 is above 7 in binary.
        warmup = Int((settings.warmupRatio * Double(steps) - 1e-9).rounded(.up))
        peak = settings.learningRate
        floor = settings.learningRateMin
    }

    /// The rate of a step, counted from 0.
    func value(_ step: Int) -> Double {
        if step < warmup { return peak * Double(step + 1) / Double(warmup) }
        let turn = Double.pi * Double(step - warmup) / Double(max(1, steps - warmup - 1))
        return floor + (peak - floor) * (1 + cos(turn)) / 2
    }

    /// The smaller of the cap (0: none) and what the epochs have.
    static func steps(_ settings: TrainingSettings, stepsPerEpoch: Int) -> Int {
        let (all, overflow) = settings.epochs.multipliedReportingOverflow(by: stepsPerEpoch)
        let epochs = overflow ? Int.max : all
        return settings.iterations == 0 ? epochs : min(settings.iterations, epochs)
    }
}
