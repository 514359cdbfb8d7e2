import CVectors
import Testing

@testable import VectorIndex

/// Every form of the loops against the plain one, over odd sizes and the ends of the range.
struct KernelTests {
    private static let forms: [String] = ["avx2", "avx512"].filter { lk_vector_variants_for($0) != nil }

    @Test("a faster form gives the plain form's scores", arguments: forms, [1, 2, 3, 7, 96, 97])
    func scores(_ isa: String, _ groups: Int) throws {
        var random = SplitMix(state: UInt64(groups))
        let fast = try #require(lk_vector_variants_for(isa)).pointee
        let plain = try #require(lk_vector_variants_for("plain")).pointee
        for extreme in [false, true] {
            let codes = (0..<groups * 128).map { _ in extreme ? UInt8.max : UInt8.random(in: 0...255, using: &random) }
            let scales = (0..<32).map { _ in Float.random(in: 0...1, using: &random) }
            let queries = (0..<4).map { _ in
                (0..<groups * 4).map { _ in extreme ? Int8(127) : Int8.random(in: -127...127, using: &random) }
            }
            let encoded = queries.map { EncodedQuery(VectorCode(scale: 1, codes: $0), groups: groups) }
            for query in encoded {
                var (wanted, got) = ([Float](repeating: 0, count: 32), [Float](repeating: 0, count: 32))
                let largest = query.withQuery { query in
                    (
                        plain.scores(codes, scales, query, groups, &wanted),
                        fast.scores(codes, scales, query, groups, &got)
                    )
                }
                #expect(wanted == got)
                #expect(largest.0 == largest.1)
                #expect(largest.0 == wanted.max())
            }
            var (wanted, got) = ([Float](repeating: 0, count: 128), [Float](repeating: 0, count: 128))
            encoded[0].withQuery { a in
                encoded[1].withQuery { b in
                    encoded[2].withQuery { c in
                        encoded[3].withQuery { d in
                            plain.scores4(codes, scales, [a, b, c, d], groups, &wanted)
                            fast.scores4(codes, scales, [a, b, c, d], groups, &got)
                        }
                    }
                }
            }
            #expect(wanted == got)
        }
    }

    @Test("the exact product of a faster form is the plain one's to 1e-5", arguments: forms, [0, 1, 7, 16, 33, 384])
    func dot(_ isa: String, _ count: Int) throws {
        var random = SplitMix(state: 1)
        let one = (0..<count).map { _ in Float.random(in: -1...1, using: &random) }
        let other = (0..<count).map { _ in Float.random(in: -1...1, using: &random) }
        let wanted = zip(one, other).reduce(0) { $0 + Double($1.0) * Double($1.1) }
        for form in [isa, "plain"] {
            let got = try #require(lk_vector_variants_for(form)).pointee.dot_f32(one, other, count)
            #expect(abs(Double(got) - wanted) < 1e-5 * Double(max(1, count)))
        }
    }

    @Test("eight bits say a vector to half a step; zeros, tiny values and numbers that are none are taken care of")
    func quantized() throws {
        let vector: [Float] = [1, -0.5, 0.25, 0.003, -1]
        let code = try #require(VectorCode(vector))
        for (value, byte) in zip(vector, code.codes) {
            #expect(abs(value - code.scale * Float(byte)) <= code.scale / 2)
        }
        #expect(VectorCode([0, 0]) == VectorCode(scale: 0, codes: [0, 0]))
        #expect(VectorCode([1e-42, 0])?.codes == [0, 0])
        #expect(VectorCode([1, .nan]) == nil)
        #expect(VectorCode([.infinity]) == nil)
    }
}
