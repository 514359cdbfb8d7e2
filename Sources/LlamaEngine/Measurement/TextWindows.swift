/// A text cut up for scoring, by the convention of llama.cpp's llama-perplexity, so that its numbers compare: windows
/// that do not overlap; in each, the tokens of the second half are predicted, but for the half's first. A rest shorter
/// than a window is left out.
package struct TextWindows: Sendable {
    /// Token ids of each window.
    let windows: [[Int32]]

    /// - Parameters:
    ///   - tokens: the whole text's, with the beginning-of-sequence token in front if the tokenizer adds one.
    ///   - beginning: put in the place of each window's first token; nil for models whose tokenizer adds none.
    ///   - windowsMax: later windows are left out; nil: none.
    /// - Throws: `GenerationError.invalidParameter` for less than one window.
    package init(
        _ tokens: [Int32], windowTokens: Int, beginning: Int32? = nil, windowsMax: Int? = nil
    ) throws(GenerationError) {
        guard windowTokens >= 4 else {
            throw .invalidParameter(name: "window", reason: "must be at least 4 tokens, got \(windowTokens)")
        }
        guard tokens.count >= windowTokens else {
            throw .invalidParameter(
                name: "text", reason: "must be at least one window of \(windowTokens) tokens, got \(tokens.count)")
        }
        windows = (0..<min(tokens.count / windowTokens, windowsMax ?? .max)).map { index in
            var window = Array(tokens[index * windowTokens..<(index + 1) * windowTokens])
            if let beginning { window[0] = beginning }
            return window
        }
    }

    package var count: Int { windows.count }

    /// Computes a window with several models side by side, and hands over their logits [vocabulary] at each position
    /// that is scored, together with the token that comes next.
    static func eachScored(
        _ window: [Int32], _ models: [ModelMeasurement],
        _ body: (_ position: Int, _ next: Int32, _ logits: [UnsafeBufferPointer<Float>]) throws(GenerationError) -> Void
    ) throws(GenerationError) {
        for model in models { try model.requireFit(window) }
        let caches = models.map { $0.decoder.makeCache() }
        let firstScored = window.count / 2
        let chunkTokens = models.map(\.chunkTokens).min() ?? 1
        var start = 0
        while start < window.count - 1 {
            // A pass ends where scoring begins, so that logits are computed for scored rows alone.
            let end = min(start + chunkTokens, start < firstScored ? firstScored : window.count - 1)
            let isScored = start >= firstScored
            var logits: [UnsafeBufferPointer<Float>] = []
            for (model, cache) in zip(models, caches) {
                logits.append(
                    try model.run([
                        Decoder.Segment(
                            tokens: window[start..<end], cache: cache, logits: isScored ? .all : .none,
                            adapter: model.adapter)
                    ]))
            }
            if isScored {
                for position in start..<end {
                    let rows = zip(models, logits).map { model, logits in
                        let first = (position - start) * model.vocabulary
                        return UnsafeBufferPointer(rebasing: logits[first..<first + model.vocabulary])
                    }
                    try body(position, window[position + 1], rows)
                }
            }
            start = end
        }
    }
}

extension ModelMeasurement {
    fileprivate func requireFit(_ window: [Int32]) throws(GenerationError) {
        guard window.count <= contextTokens else {
            throw .invalidParameter(name: "window", reason: "must be in 4...\(contextTokens), got \(window.count)")
        }
        if let index = window.firstIndex(where: { $0 < 0 || Int($0) >= vocabulary }) {
            throw .tokenOutOfRange(id: window[index], index: index, vocabulary: vocabulary)
        }
    }
}
