import Testing

@testable import LlamaTraining

@Suite("Order and schedule of a run")
struct ScheduleTests {
    @Test("the rate rises in a line to its peak and falls along half a cosine to its floor")
    func rate() {
        var settings = TrainingSettings()
        settings.learningRate = 1e-3
        settings.learningRateMin = 1e-5
        settings.warmupRatio = 0.1
        let rate = LearningRate(steps: 50, settings: settings)
        #expect(rate.warmup == 5)
        #expect(rate.value(0) == 0.0002)
        #expect(rate.value(4) == 0.001)
        #expect(rate.value(5) == 0.001)
        #expect(abs(rate.value(6) - 0.0009987387967320756) < 1e-15)
        #expect(abs(rate.value(49) - 1e-5) < 1e-15)
    }

    @Test("a share of steps that is whole in decimals is not rounded up")
    func warmup() {
        var settings = TrainingSettings()
        settings.warmupRatio = 0.07
        #expect(LearningRate(steps: 100, settings: settings).warmup == 7)
        settings.warmupRatio = 0.03
        #expect(LearningRate(steps: 10, settings: settings).warmup == 1)
    }

    @Test("an epoch has every row once, in an order of its own that the seed decides")
    func order() {
        var settings = TrainingSettings()
        settings.batchSize = 4
        var order = RowOrder(rows: 10, settings: settings)
        let epochs = (0..<2).map { epoch in (0..<3).flatMap { Array(order.rows(of: 3 * epoch + $0)) } }
        #expect(order.stepsPerEpoch == 3)
        #expect(epochs.allSatisfy { $0.sorted() == Array(0..<10) })
        #expect(epochs[0] != epochs[1])
        var again = RowOrder(rows: 10, settings: settings)
        #expect(Array(again.rows(of: 4)) == Array(epochs[1][4..<8]))
    }
}
