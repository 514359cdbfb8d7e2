/// Why there can be no threads to compute with.
package enum ThreadPoolError: Error, Equatable, Sendable, CustomStringConvertible {
    case threadNotStarted(name: String, errno: Int32)
    /// The instruction set that `LLAMA_STACK_ISA` names cannot be used here.
    case instructionSetRefused(String)

    package var description: String {
        switch self {
        case .threadNotStarted(let name, let errno):
            "cannot start the thread '\(name)' (errno \(errno)); raise the limit on threads (ulimit -u) or configure fewer threads"
        case .instructionSetRefused(let reason):
            reason
        }
    }
}
