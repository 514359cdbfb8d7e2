/// Why a vocabulary can't be used: which key, what was found, what was wanted.
package struct TokenizerError: Error, Equatable, CustomStringConvertible {
    /// The metadata key or the file that is wrong, such as `tokenizer.ggml.merges`.
    package let place: String
    package let problem: String

    package init(_ place: String, _ problem: String) {
        self.place = place
        self.problem = problem
    }

    package var description: String { "\(place): \(problem)" }
}
