import Testing

@testable import Checkpoints
@testable import LlamaEngine

/// Frequencies against transformers' ROPE_INIT_FUNCTIONS for a head dimension of 64.
@Suite struct RopeTableTests {
    private static let pairs = [0, 5, 10, 12, 15, 20, 25, 31]

    @Test(
        "each way of scaling gives the reference's frequencies",
        arguments: [
            (
                10_000.0, RopeConfiguration.Scaling.linear(factor: 4),
                [
                    0.25, 0.05928434059023857, 0.014058532193303108, 0.007905694656074047, 0.0033338037319481373,
                    0.0007905694656074047, 0.00018747354624792933, 3.333803761051968e-05,
                ]
            ),
            (
                500_000,
                .llama3(factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContext: 8192),
                [
                    1.0, 0.12868738174438477, 0.016560440883040428, 0.00729266507551074, 0.0013718936825171113,
                    3.428102354519069e-05, 4.411534519022098e-06, 3.76732259610435e-07,
                ]
            ),
            (
                1_000_000,
                .yarn(factor: 4, originalContext: 32768, betaFast: 32, betaSlow: 1, magnitude: 1.138629436111989),
                [
                    1.0, 0.11547820270061493, 0.01333521492779255, 0.005154795479029417, 0.001026617712341249,
                    4.4456985051510856e-05, 5.133812464919174e-06, 3.8498163235090033e-07,
                ]
            ),
        ])
    func frequencies(_ theta: Double, _ scaling: RopeConfiguration.Scaling, _ wanted: [Double]) {
        let table = RopeTable(RopeConfiguration(theta: theta, dimension: 64, order: .half, scaling: scaling))
        for (pair, wanted) in zip(Self.pairs, wanted) {
            #expect(abs(Double(table.frequencies[pair]) / wanted - 1) < 2e-6, "pair \(pair)")
        }
    }

    @Test("YaRN's magnitude multiplies cosines and sines")
    func magnitude() {
        let table = RopeTable(
            RopeConfiguration(
                theta: 10_000, dimension: 2, order: .half,
                scaling: .yarn(factor: 4, originalContext: 1e9, betaFast: 32, betaSlow: 1, magnitude: 1.5)))
        var (cosine, sine) = (Float(0), Float(0))
        table.fill(position: 0, cosines: &cosine, sines: &sine)
        #expect(cosine == 1.5)
        #expect(sine == 0)
    }
}
