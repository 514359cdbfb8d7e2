import CKernels

/// The router's decision for one row, as transformers makes it: softmax over all experts, in f32, of which the
/// likeliest are taken; of equally likely ones the first, where torch leaves it open.
enum ExpertChoice {
    /// Chooses `used` experts, in ascending order.
    /// - Parameters:
    ///   - scores: the router's product with the row, [count]; its probabilities afterwards. Where one is not a number
    ///     none of these is, the choice is any `used` experts, and their weights are not numbers.
    ///   - experts, weights: [used], written.
    static func choose(
        _ used: Int, of count: Int, scores: UnsafeMutablePointer<Float>, normalises: Bool,
        experts: UnsafeMutablePointer<Int32>, weights: UnsafeMutablePointer<Float>
    ) {
        _ = lk_softmax(scores, count)
        // Insertion into a list that is sorted by likelihood; an earlier expert stays in front of an equal one.
        var found = 0
        for expert in 0..<count {
            let probability = scores[expert]
            var place = found
            while place > 0, probability > weights[place - 1] { place -= 1 }
            guard place < used else { continue }
            if found < used { found += 1 }
            for other in stride(from: found - 1, to: place, by: -1) {
                (weights[other], experts[other]) = (weights[other - 1], experts[other - 1])
            }
            (weights[place], experts[place]) = (probability, Int32(expert))
        }
        if normalises {
            let sum = (0..<used).reduce(Float(0)) { $0 + weights[$1] }
            for place in 0..<used { weights[place] /= sum }
        }
        sort(used, experts, weights)
    }

    /// By the experts' numbers: the order in which their answers are added up.
    private static func sort(
        _ used: Int, _ experts: UnsafeMutablePointer<Int32>, _ weights: UnsafeMutablePointer<Float>
    ) {
        for place in 1..<max(1, used) {
            let (expert, weight) = (experts[place], weights[place])
            var other = place
            while other > 0, experts[other - 1] > expert {
                (experts[other], weights[other]) = (experts[other - 1], weights[other - 1])
                other -= 1
            }
            (experts[other], weights[other]) = (expert, weight)
        }
    }
}
