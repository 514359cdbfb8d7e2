import Foundation

/// A logistic regression over the embeddings of windows of a text: how much it reads like the jailbreaks that it was
/// trained on. Its numbers are in `Weights.swift`.
enum Classifier {
    /// How far a component of an embedding may be from the one in training: an exact model differs by rounding alone,
    /// and one with numbers of 8 bits by less than this.
    static let toleranceMax: Float = 0.02

    /// Why these numbers are not an embedding by the model that the classifier was trained on; nil when they are.
    static func objection(toFingerprint embedding: [Float]) -> String? {
        guard embedding.count == weights.count else {
            return "its embeddings have \(embedding.count) numbers, and \(embeddingModel)'s have \(weights.count)"
        }
        let differences = zip(embedding, fingerprint).map { abs($0 - $1) }
        // A comparison with what is no number doesn't hold.
        guard differences.allSatisfy({ $0 <= toleranceMax }) else {
            let largest = ((differences.max() ?? 0) * 1000).rounded() / 1000
            return "its embedding of a known text differs by \(largest) from \(embeddingModel)'s, and may by "
                + "\(toleranceMax)"
        }
        return nil
    }

    /// From 0 to 1; above ``threshold`` it counts as a jailbreak.
    static func score(_ embedding: [Float]) -> Double {
        var sum = bias
        for (weight, number) in zip(weights, embedding) { sum += weight * number }
        return 1 / (1 + exp(-Double(sum)))
    }

    /// Pieces of `windowCharacters` characters (Unicode scalars), each `strideCharacters` after the one before; the
    /// last ends with the text. A text of spaces alone has none.
    static func windows(of text: String) -> [String] {
        // As the training had it: runs of white space are one space.
        let scalars = Array(text.split(whereSeparator: \.isWhitespace).joined(separator: " ").unicodeScalars)
        guard !scalars.isEmpty else { return [] }
        let last = max(0, scalars.count - windowCharacters)
        let starts = Array(stride(from: 0, to: last, by: strideCharacters)) + [last]
        return starts.map { start in
            var window = String.UnicodeScalarView()
            window.append(contentsOf: scalars[start..<min(scalars.count, start + windowCharacters)])
            return String(window)
        }
    }
}
