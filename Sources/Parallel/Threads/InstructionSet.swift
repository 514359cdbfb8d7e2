import CInstructionSet
import CKernels

/// The instruction set that the engine's kernels are chosen for, once in a process: the fastest that this machine has,
/// or the one that the environment variable `LLAMA_STACK_ISA` names.
package enum InstructionSet {
    /// `plain`, `avx2`, `avx-vnni`, `avx512-vnni`, `avx512-bf16` or `neon-dotprod`.
    package static var name: String { String(cString: lk_isa()) }

    /// - Throws: `ThreadPoolError.instructionSetRefused` when the variable names none, or one that this machine does
    ///   not have.
    package static func check() throws(ThreadPoolError) {
        if let reason = refusal { throw .instructionSetRefused(reason) }
    }

    private static var refusal: String? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { text in
            guard let base = text.baseAddress, lk_isa_refusal(base, text.count) != 0 else { return nil }
            return String(cString: base)
        }
    }
}
