/// How code in a cage ended, and what it left.
package struct CageOutcome: Sendable, Equatable {
    package enum End: Sendable, Equatable {
        /// By itself, with that exit code.
        case exited(Int)
        /// By a signal of its own making, such as a fault of memory.
        case signalled(Int)
        /// Because of a limit.
        case limit(CageLimit)
    }
    package struct File: Sendable, Equatable {
        var name: String
        var bytes: [UInt8]
    }

    package var end: End
    package var output: [UInt8]
    package var errors: [UInt8]
    package var files: [File] = []
    /// Files that were over a limit.
    package var filesLeftOut = 0
}

/// The limits that end a call.
package enum CageLimit: Sendable, Equatable {
    case seconds, cpuSeconds, memory, processes, diskFiles, output
}
