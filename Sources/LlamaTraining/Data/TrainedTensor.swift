/// A tensor of a run, to be saved. Its numbers are copied when they are asked for, and are those of that moment: a
/// whole model is never in memory twice.
package struct TrainedTensor {
    package let name: String
    /// Outermost first.
    package let shape: [Int]
    /// Row-major.
    package let numbers: () -> [Float]

    init(_ name: String, _ shape: [Int], numbers: @escaping () -> [Float]) {
        (self.name, self.shape, self.numbers) = (name, shape, numbers)
    }
}
