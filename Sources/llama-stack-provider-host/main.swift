// The child that runs one provider for a host: `isolation: process`. Started by the host alone, with a socket as
// descriptor 3, a pipe for what is known of a crash as descriptor 4, and the host's process number as its argument.
import CChildProcess
import CProcessGuard
import Foundation
import Runtimes

/// Writes a line to standard error. It is dropped if it cannot be written: the exit code says it too.
func say(_ line: String) {
    var line = line + "\n"
    line.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
}

signal(SIGPIPE, SIG_IGN)
guard CommandLine.arguments.count == 2, let parent = pid_t(CommandLine.arguments[1]) else {
    say("llama-stack-provider-host is started by llama-stack; it does nothing else")
    exit(64)
}
guard ccp_child_setup(parent) == 0 else { _exit(71) }
pg_open_standard_descriptors()
pg_set_crash_fd(4)
pg_guard_crashes()
ChildServer(socket: 3).run { error in
    // Libraries are never unloaded, so nothing of theirs is to run now.
    guard let error else { _exit(0) }
    say("the host broke the protocol: \(error)")
    _exit(76)
}
