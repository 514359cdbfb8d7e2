import CKernels
import Foundation
import ModelFixtures
import Testing

@Suite("Rows of weights")
struct DequantizeTests {
    private func fixture(_ name: String) throws -> (blocks: [UInt8], values: [Float]) {
        let values = try kernelFixture("\(name).values").withUnsafeBytes { raw in
            (0..<raw.count / 4).map {
                Float(bitPattern: UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self)))
            }
        }
        return ([UInt8](try kernelFixture("\(name).blocks")), values)
    }

    @Test("every type and instruction set gives the values of the gguf package", arguments: elementTypes.map(\.name))
    func reference(name typeName: String) throws {
        let type = elementTypes.first { $0.name == typeName }!.type
        let (blocks, values) = try fixture(typeName)
        for forms in offeredForms {
            var out = [Float](repeating: .nan, count: values.count)
            forms.dequantize_row(type, blocks, &out, values.count)
            // One rounding may differ: the package multiplies scales in another order for some types.
            #expect(relativeError(out, values) <= 2e-7, "\(name(forms))")
        }
    }

    @Test("every row length gives the plain values and nothing beyond the row is read or written")
    func lengths() {
        let seed: UInt64 = 11
        print("row lengths: seed \(seed)")
        var random = RandomFloats(seed: seed)
        for (typeName, type) in elementTypes {
            let block = lk_block_size(type)
            for count in [1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 18] {
                let n = count * block
                let file = guardedFile(random.weights(type, rows: 1, n: n))
                var wanted = [Float](repeating: 7, count: n + 1)
                plainForms.dequantize_row(type, file.bytes.baseAddress, &wanted, n)
                for forms in fastForms {
                    var out = [Float](repeating: 7, count: n + 1)
                    forms.dequantize_row(type, file.bytes.baseAddress, &out, n)
                    #expect(relativeError(out, wanted) == 0, "\(name(forms)) \(typeName) \(n)")
                }
            }
        }
    }

    @Test("sizes of rows follow from the type; a size that cannot be is 0")
    func sizes() {
        #expect(lk_row_bytes(LK_Q4_1, 576) == 360)
        #expect(lk_row_bytes(LK_Q6_K, 512) == 420)
        #expect(lk_row_bytes(LK_Q4_1, 33) == 0)
        #expect(lk_row_bytes(lk_type(rawValue: 4), 256) == 0)
        #expect(lk_row_bytes(LK_F32, Int(bitPattern: UInt.max)) == 0)
    }

    @Test("f16 rounds to nearest even")
    func halves() {
        let cases: [(Float, UInt16)] = [
            (0, 0), (-0.0, 0x8000), (1, 0x3c00), (-2, 0xc000), (65504, 0x7bff), (65519.99, 0x7bff), (65520, 0x7c00),
            (.infinity, 0x7c00), (1 + 0x1p-11, 0x3c00), (1 + 3 * 0x1p-11, 0x3c02), (0x1p-24, 1), (0x1p-25, 0),
            (0x1.8p-25, 1), (0x1p-14, 0x0400), (0x1.ff8p-15, 0x03ff), (0x1.ffcp-15, 0x0400), (1e-10, 0),
            (0x1.fffp-15, 0x0400),
        ]
        var out = [UInt16](repeating: 0xffff, count: cases.count)
        lk_f16_from_f32(cases.map(\.0), &out, cases.count)
        #expect(out == cases.map(\.1))
    }

    @Test("bf16 rounds to nearest even, by every instruction set")
    func brainFloats() {
        let cases: [(Float, UInt16)] = [
            (0, 0), (-0.0, 0x8000), (1, 0x3f80), (-2, 0xc000), (1 + 0x1p-8, 0x3f80), (1 + 3 * 0x1p-8, 0x3f82),
            (1 + 0x1.0002p-8, 0x3f81), (0x1.fep127, 0x7f7f), (.greatestFiniteMagnitude, 0x7f80), (.infinity, 0x7f80),
            (-.infinity, 0xff80), (0x1p-126, 0x0080), (.nan, 0x7fc0),
        ]
        for forms in offeredForms {
            for repeats in [1, 3] {  // thirteen and thirty-nine: within and past a vector of sixteen
                let values = (0..<repeats).flatMap { _ in cases.map(\.0) }
                var out = [UInt16](repeating: 0xffff, count: values.count)
                forms.bf16_from_f32(values, &out, values.count)
                #expect(out == (0..<repeats).flatMap { _ in cases.map(\.1) }, "\(name(forms))")
            }
        }
    }

    @Test("every f16 number comes back from f32 as it was", arguments: offeredForms.indices)
    func everyHalf(index: Int) {
        let numbers = (UInt16.min...UInt16.max).filter { $0 & 0x7fff <= 0x7c00 }
        var floats = [Float](repeating: 0, count: numbers.count)
        var back = [UInt16](repeating: 0, count: numbers.count)
        offeredForms[index].dequantize_row(LK_F16, numbers, &floats, numbers.count)
        lk_f16_from_f32(floats, &back, numbers.count)
        #expect(back == numbers)
        #expect(floats[1] == 0x1p-24 && floats[0x3c00] == 1)
    }
}
