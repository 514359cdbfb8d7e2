/// Why an engine could not start.
package enum EngineFailure: Error, Equatable, Sendable, CustomStringConvertible {
    case threadNotStarted(name: String, errno: Int32)
    case invalidOption(name: String, reason: String)
    /// What `LLAMA_STACK_ISA` names can't be used here.
    case instructionSetRefused(String)

    package var description: String {
        switch self {
        case .threadNotStarted(let name, let errno):
            "cannot start the thread '\(name)' (errno \(errno)); raise the limit on threads (ulimit -u) or configure fewer threads"
        case .invalidOption(let name, let reason):
            "\(name) \(reason)"
        case .instructionSetRefused(let reason):
            reason
        }
    }
}
