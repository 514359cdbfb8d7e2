import CInstructionSet
import CKernels
import Foundation
import Testing

@testable import Parallel

@Suite("Choice of the instruction set")
struct InstructionSetTests {
    /// In vectors Intel's processors multiply bf16 more slowly than f32.
    private static let isIntel =
        (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8))?.contains("GenuineIntel") == true

    @Test("the instruction set in use is one that this machine offers, the fastest unless another one is named")
    func inUse() throws {
        try InstructionSet.check()
        #expect(offeredForms.map(name).contains(InstructionSet.name))
        #expect(lk_variants_for("no-such-set") == nil)
        switch ProcessInfo.processInfo.environment["LLAMA_STACK_ISA"] ?? "" {
        case "":
            let fastest = offeredForms.map(name).last { !Self.isIntel || $0 != "avx512-bf16" }
            #expect(InstructionSet.name == fastest)
        case "avx512": #expect(InstructionSet.name.hasPrefix("avx512"))
        case "neon": #expect(InstructionSet.name == "neon-dotprod")
        case let named: #expect(InstructionSet.name == named)
        }
    }

    @Test("the loops that limits are measured with read every byte, and multiply")
    func limits() {
        var random = RandomFloats(seed: 96)
        let values = random.array(64 * 35)
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: values.count * 4, alignment: 64)
        defer { memory.deallocate() }
        values.withUnsafeBytes { memory.copyMemory(from: $0) }
        let wanted = values.reduce(UInt32(0)) { $0 ^ $1.bitPattern }
        for forms in offeredForms {
            #expect(forms.read_all(memory.baseAddress, memory.count) == wanted, "\(name(forms))")
            #expect(forms.multiply_bytes(3) != forms.multiply_bytes(4), "\(name(forms))")
            #expect(forms.round_products > 0)
        }
    }

    @Test("what the machine has is taken, and so is nothing", arguments: [nil, "", "plain"] + offeredForms.map(name))
    func followed(value: String?) {
        // The name in logs says which product of bytes it has; the variable needs no more than the family.
        #expect(refusal(of: value == "neon-dotprod" ? "neon" : value) == nil)
    }

    @Test("a name that no instruction set has is refused with those that this machine has")
    func unknown() throws {
        let reason = try #require(refusal(of: "avx1024"))
        #expect(reason.hasPrefix("LLAMA_STACK_ISA: unknown instruction set 'avx1024'; this machine has plain"))
        #expect(!reason.hasSuffix(", "))
        #expect(refusal(of: "AVX2 ")?.contains("'AVX2 '") == true)
        #expect(refusal(of: String(repeating: "a", count: 10_000)).map { $0.utf8.count < 256 } == true)
    }

    @Test("an instruction set that this machine does not have is refused")
    func notOffered() throws {
        let missing = try #require(
            ["neon", "avx2", "avx-vnni", "avx512-bf16"].first {
                lk_variants_for($0 == "neon" ? "neon-dotprod" : $0) == nil
            })
        let reason = try #require(refusal(of: missing))
        #expect(
            reason.hasPrefix(
                "LLAMA_STACK_ISA: this machine does not have the instruction set '\(missing)'; it has plain"))
    }

    @Test("a text that is too long for the caller's memory is cut")
    func cut() {
        var text = [CChar](repeating: 1, count: 8)
        #expect(lk_isa_refusal_of("avx1024", &text, 8) == 1)
        #expect(text.map(UInt8.init(bitPattern:)) == Array("LLAMA_S\0".utf8))
    }

    private func refusal(of value: String?) -> String? {
        var text = [CChar](repeating: 0, count: 256)
        guard lk_isa_refusal_of(value, &text, text.count) != 0 else { return nil }
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
