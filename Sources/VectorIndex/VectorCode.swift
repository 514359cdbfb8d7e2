import CInstructionSet
import CVectors
import Foundation

/// A vector at eight bits a dimension: scale × codes, each −127 to 127.
package struct VectorCode: Sendable, Equatable {
    package var scale: Float
    package var codes: [Int8]

    package init(scale: Float, codes: [Int8]) { (self.scale, self.codes) = (scale, codes) }

    /// The nearest that eight bits can say. nil when a value is no finite number.
    package init?(_ vector: [Float]) {
        guard vector.allSatisfy(\.isFinite) else { return nil }
        var scale: Float = 0
        let codes = [Int8](unsafeUninitializedCapacity: vector.count) { buffer, count in
            if let base = buffer.baseAddress { scale = lk_vector_quantize(vector, vector.count, base) }
            count = vector.count
        }
        self.init(scale: scale, codes: codes)
    }
}

/// A query as the loops want it: its codes, filled up to whole groups, and what the codes' offset adds to each sum.
struct EncodedQuery {
    let scale: Float
    private let codes: [Int8]
    private let bias: Int32

    init(_ code: VectorCode, groups: Int) {
        scale = code.scale
        codes = code.codes + [Int8](repeating: 0, count: groups * Int(LK_VECTOR_GROUP) - code.codes.count)
        bias = 128 * code.codes.reduce(0) { $0 + Int32($1) }
    }

    func withQuery<Result>(_ body: (lk_vector_query) -> Result) -> Result {
        codes.withUnsafeBufferPointer { body(lk_vector_query(codes: $0.baseAddress, bias: bias)) }
    }
}

package enum VectorMath {
    package static func dot(_ one: UnsafePointer<Float>, _ other: UnsafePointer<Float>, _ count: Int) -> Float {
        lk_vector_dot_f32(one, other, count)
    }

    /// `avx512`, `avx2` or `plain`.
    package static var instructionSet: String { String(cString: lk_vector_isa()) }

    /// Why the environment's `LLAMA_STACK_ISA` can't be followed; nil where it can, or is not set.
    package static var instructionSetRefusal: String? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { text in
            guard let base = text.baseAddress, lk_isa_refusal(base, text.count) != 0 else { return nil }
            return String(cString: base)
        }
    }
}

extension VectorCode {
    /// The scale, then a byte a dimension.
    package var stored: Data {
        var data = withUnsafeBytes(of: scale.bitPattern.littleEndian) { Data($0) }
        codes.withUnsafeBytes { data.append(contentsOf: $0) }
        return data
    }

    package init?(stored data: Data) {
        guard data.count > 4 else { return nil }
        self = data.withUnsafeBytes { bytes in
            VectorCode(
                scale: Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(as: UInt32.self))),
                codes: Array(bytes[4...].bindMemory(to: Int8.self)))
        }
    }
}
