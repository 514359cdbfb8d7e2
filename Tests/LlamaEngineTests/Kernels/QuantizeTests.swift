import CKernels
import Foundation
import Testing

/// Against rows that the gguf package quantised (Scripts/reference/quantize.py).
@Suite struct QuantizeTests {
    private static let types: [(name: String, type: lk_type)] = [
        ("F32", LK_F32), ("F16", LK_F16), ("BF16", LK_BF16), ("Q8_0", LK_Q8_0), ("Q4_0", LK_Q4_0), ("Q4_1", LK_Q4_1),
    ]

    @Test("rows have the bytes that llama.cpp's reference writes", arguments: types.map(\.name))
    func reference(_ name: String) throws {
        let type = try #require(Self.types.first { $0.name == name }).type
        let values = try kernelFixture("quantize.values").withUnsafeBytes { raw in
            (0..<raw.count / 4).map {
                Float(bitPattern: UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self)))
            }
        }
        let wanted = [UInt8](try kernelFixture("quantize.\(name)"))
        var out = [UInt8](repeating: 0xA5, count: wanted.count + 1)
        #expect(lk_row_from_f32(type, values, values.count, &out) == 1)
        #expect(out.last == 0xA5)
        #expect(lk_row_bytes(type, values.count) == wanted.count)
        let block = max(1, wanted.count / 40)
        let differing = (0..<wanted.count).first { out[$0] != wanted[$0] }
        #expect(differing == nil, "block \((differing ?? 0) / block), byte \((differing ?? 0) % block)")
    }

    @Test("a type that is not written is refused, and nothing is written")
    func others() {
        var out = [UInt8](repeating: 7, count: 256)
        let values = [Float](repeating: 1, count: 256)
        for type in [LK_Q5_0, LK_Q4_K, lk_type(rawValue: 99)] {
            #expect(lk_row_from_f32(type, values, values.count, &out) == 0)
        }
        #expect(out.allSatisfy { $0 == 7 })
    }

    @Test("what is not a number leaves a row without traps", arguments: [Float.nan, .infinity, -.infinity, 3e38])
    func notFinite(_ value: Float) {
        var values = [Float](repeating: 0.5, count: 32)
        values[5] = value
        for (_, type) in Self.types {
            var out = [UInt8](repeating: 0, count: lk_row_bytes(type, 32))
            #expect(lk_row_from_f32(type, values, 32, &out) == 1)
        }
    }
}
