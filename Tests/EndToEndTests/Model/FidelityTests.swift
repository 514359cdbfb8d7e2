import LlamaStackAPI
import Testing

extension EndToEnd {
    /// The default model's greedy answers over HTTP against llama.cpp's, computed exactly; and the rounded ones against
    /// those. All 20 prompts are asked at the same time: an answer depends on no other. How far rounding takes whole
    /// distributions is
    /// ``PerplexityTests``' to say.
    @Suite struct FidelityTests {
        /// Unrounded answers equal in full to llama.cpp's unrounded ones: 20 as measured; one near tie may fall the
        /// other way where sums are made in another order.
        static let exactRowsMin = 19
        /// The mean difference of a token's log probability, as long as the rounded and the exact answer say the same.
        /// Measured: 0.030 over 658 tokens.
        static let logprobDifferenceMax = 0.05

        @Test("rounded, as served by default, tokens are as likely as computed exactly, as long as the texts agree")
        func rounded() throws {
            let reference = try ReferenceAnswers()
            let exact = try replies(to: reference, .cpu(config: "{precision: exact}"))
            let rounded = try replies(to: reference, .cpu())
            var differences: [Double] = []
            for (exact, rounded) in zip(exact, rounded) {
                let agreeing = zip(exact.tokens, rounded.tokens).prefix { $0 == $1 }.count
                differences += zip(exact.logprobs, rounded.logprobs).prefix(agreeing).map { abs($0 - $1) }
            }
            let mean = differences.reduce(0, +) / Double(differences.count)
            print(
                "rounded answers: log probabilities of \(differences.count) tokens differ by \(mean) from the exact ones"
            )
            // Half of all tokens at the least: a fault parts the texts early.
            #expect(differences.count > exact.map(\.tokens.count).reduce(0, +) / 2)
            #expect(mean < Self.logprobDifferenceMax)
        }

        @Test("computed exactly, greedy answers are those of llama.cpp on the same weights in F32")
        func exact() throws { try compare(.cpu(config: "{precision: exact}")) }

        @Test("through OpenBLAS, greedy answers are those of llama.cpp on the same weights in F32")
        func blas() throws { try compare(.cpu(type: "inline::blas")) }

        private func compare(_ distribution: Distribution) throws {
            let reference = try ReferenceAnswers()
            let rows = zip(reference.rows, try replies(to: reference, distribution)).map {
                (
                    name: $0.name, agreeing: zip($0.exactTokens, $1.tokens).prefix { $0 == $1 }.count, $0.exactTokens,
                    $1.tokens
                )
            }
            for row in rows where row.2 != row.3 {
                print("\(row.name): agrees with llama.cpp for \(row.agreeing) of \(row.2.count) tokens")
            }
            #expect(rows.filter { $0.2 == $0.3 }.count >= Self.exactRowsMin)
        }

        private func replies(to reference: ReferenceAnswers, _ distribution: Distribution) throws -> [Reply] {
            try #require(reference.rows.count == 20)
            return try Server.run(distribution) { server in
                try concurrently(reference.rows.count) { index in
                    try server.answer(reference.rows[index].prompt, model: "smollm", maxTokens: reference.tokensMax)
                }
            }
        }
    }
}
