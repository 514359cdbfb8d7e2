import Foundation

package enum ExitStatus: Sendable, Equatable, CustomStringConvertible {
    case exited(code: Int32)
    case signalled(Int32, coreDumped: Bool)
    /// Another part of this process waited for it first.
    case unknown

    init(waited status: Int32) {
        let signal = status & 0x7F
        self = signal == 0 ? .exited(code: (status >> 8) & 0xFF) : .signalled(signal, coreDumped: status & 0x80 != 0)
    }

    package var description: String {
        switch self {
        case .exited(let code): "exited with \(code)"
        case .signalled(let signal, let coreDumped):
            "ended by \(Self.name(ofSignal: signal))" + (coreDumped ? ", core dumped" : "")
        case .unknown: "ended; how is not known"
        }
    }

    /// "SIGSEGV"; "signal 42" for one without a name of its own.
    package static func name(ofSignal number: Int32) -> String { names[number] ?? "signal \(number)" }

    private static let names: [Int32: String] = [
        SIGHUP: "SIGHUP", SIGINT: "SIGINT", SIGQUIT: "SIGQUIT", SIGILL: "SIGILL", SIGTRAP: "SIGTRAP",
        SIGABRT: "SIGABRT",
        SIGBUS: "SIGBUS", SIGFPE: "SIGFPE", SIGKILL: "SIGKILL", SIGUSR1: "SIGUSR1", SIGSEGV: "SIGSEGV",
        SIGUSR2: "SIGUSR2", SIGPIPE: "SIGPIPE", SIGALRM: "SIGALRM", SIGTERM: "SIGTERM", SIGXCPU: "SIGXCPU",
        SIGXFSZ: "SIGXFSZ", SIGVTALRM: "SIGVTALRM", SIGPROF: "SIGPROF", SIGSYS: "SIGSYS",
    ]
}

/// How a child ended. Given once, after its last line of output.
package struct ExitReport: Sendable, Equatable {
    package var status: ExitStatus
    /// The limit that it was ended for, by the kernel or by us.
    package var limit: ResourceLimits.Kind?
    /// Memory at its highest: that of its control group, pages of files included, where one limits memory. Else
    /// resident memory as far as it was seen: the kernel's own figure where that is the child's, or the highest of
    /// looks after 100 ms and every second (every 100 ms where a limit is watched); nil when it ended before the first.
    package var peakMemoryBytes: Int?
    /// How many processes or threads the control group refused to start.
    package var processesRefused: Int
}
