import CKernels
import Foundation
import ModelFixtures

/// Every element type, by its name in fixtures and messages.
let elementTypes: [(name: String, type: lk_type)] = [
    ("F32", LK_F32), ("F16", LK_F16), ("BF16", LK_BF16), ("Q4_0", LK_Q4_0), ("Q4_1", LK_Q4_1), ("Q5_0", LK_Q5_0),
    ("Q5_1", LK_Q5_1), ("Q8_0", LK_Q8_0), ("Q2_K", LK_Q2_K), ("Q3_K", LK_Q3_K), ("Q4_K", LK_Q4_K), ("Q5_K", LK_Q5_K),
    ("Q6_K", LK_Q6_K), ("IQ4_NL", LK_IQ4_NL), ("IQ4_XS", LK_IQ4_XS), ("MXFP4", LK_MXFP4),
]

/// The instruction sets of this machine, the reference first.
var offeredForms: [lk_variants] {
    ["plain", "avx2", "avx-vnni", "avx512-vnni", "avx512-bf16", "neon-dotprod"].compactMap { (isa: String) in
        lk_variants_for(isa)?.pointee
    }
}
/// Those that are compared with the reference.
var fastForms: [lk_variants] { Array(offeredForms.dropFirst()) }
var plainForms: lk_variants { offeredForms[0] }

func name(_ forms: lk_variants) -> String { String(cString: forms.isa) }

/// A file of `Tests/Fixtures/kernels`.
func kernelFixture(_ name: String) throws -> Data {
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    return try Data(contentsOf: tests.appendingPathComponent("Fixtures/kernels/\(name)"))
}

/// Numbers for tests, the same from the same seed.
struct RandomFloats {
    var generator: SplitMix

    init(seed: UInt64) { generator = SplitMix(seed: seed) }

    mutating func array(_ count: Int, in range: ClosedRange<Float> = -1...1) -> [Float] {
        (0..<count).map { _ in Float.random(in: range, using: &generator) }
    }

    /// `rows` rows of `n` weights with small scales, otherwise any bits.
    mutating func weights(_ type: lk_type, rows: Int, n: Int) -> [UInt8] {
        let block = lk_block_size(type), blockBytes = lk_row_bytes(type, block)
        let count = rows * lk_row_bytes(type, n)
        var bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
        let halves: [Int] =
            switch type {
            case LK_Q4_0, LK_Q5_0, LK_Q8_0, LK_IQ4_NL, LK_IQ4_XS: [0]
            case LK_Q4_1, LK_Q5_1, LK_Q4_K, LK_Q5_K: [0, 2]
            case LK_Q2_K: [80, 82]
            case LK_Q3_K: [108]
            case LK_Q6_K: [208]
            default: []
            }
        for start in stride(from: 0, to: count, by: blockBytes) {
            for half in halves {
                put(f16: Float.random(in: -0.1...0.1, using: &generator), at: start + half, in: &bytes)
            }
            guard halves.isEmpty else { continue }
            let value = Float.random(in: -1...1, using: &generator)
            switch type {
            case LK_F32: bytes.replaceSubrange(start..<(start + 4), with: GGUFWriter.little(value.bitPattern))
            case LK_BF16:
                bytes.replaceSubrange(start..<(start + 2), with: GGUFWriter.little(UInt16(value.bitPattern >> 16)))
            case LK_MXFP4: bytes[start] = UInt8.random(in: 116...124, using: &generator)
            default: put(f16: value, at: start, in: &bytes)
            }
        }
        return bytes
    }

    private func put(f16 value: Float, at place: Int, in bytes: inout [UInt8]) {
        var half: UInt16 = 0
        lk_f16_from_f32([value], &half, 1)
        bytes.replaceSubrange(place..<(place + 2), with: GGUFWriter.little(half))
    }
}

/// The largest difference, measured against the largest magnitude of the reference; infinite where only one is NaN.
func relativeError(_ values: [Float], _ reference: [Float]) -> Float {
    let size = max(reference.map(abs).max() ?? 0, 1e-20)
    return zip(values, reference).map { value, wanted in
        if value.isNaN && wanted.isNaN || value == wanted { return 0 }
        let difference = abs(value - wanted) / size
        return difference.isNaN ? .infinity : difference
    }.max() ?? 0
}
