import Dispatch
import Foundation
import Host
import LlamaStackAPI
import Synchronization

/// SIGHUP of a server that no terminal controls: reads the distribution again. One that comes before the server is
/// ready waits until it is.
final class Hangups: Sendable {
    private let arrivals: AsyncStream<Void>
    // Made and started in init, and not touched again.
    private nonisolated(unsafe) let source: any DispatchSourceSignal

    /// nil where a terminal controls the process, whose end is what SIGHUP says.
    init?() {
        guard !Self.hasTerminal else { return nil }
        // Those that come during a reload are one: the file is read once more after it.
        let (arrivals, arrive) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        self.arrivals = arrivals
        signal(SIGHUP, SIG_IGN)
        source = DispatchSource.makeSignalSource(signal: SIGHUP, queue: .global())
        source.setEventHandler { arrive.yield() }
        // Dispatch changes what the signal does on a thread of its own. A library that is loaded meanwhile would be
        // taken for the one that did, and its change be put back.
        let isRegistered = DispatchSemaphore(value: 0)
        source.setRegistrationHandler { isRegistered.signal() }
        source.resume()
        isRegistered.wait()
    }

    /// From now on each is a reload, whose mistakes are logged.
    func reload(_ stack: Stack, log: LogSink) {
        Task { [arrivals] in
            for await _ in arrivals {
                do throws(CallError) {
                    for diagnostic in try await stack.reload().diagnostics {
                        log.log(diagnostic.severity == .error ? .error : .warning, diagnostic.description)
                    }
                } catch {
                    log.log(.error, "SIGHUP: \(error.message)")
                }
            }
        }
    }

    /// False under nohup, which has asked that SIGHUP be ignored.
    static var mayEnd: Bool {
        var action = sigaction()
        guard sigaction(SIGHUP, nil, &action) == 0 else { return true }
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) != 1
    }

    private static var hasTerminal: Bool {
        let terminal = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC)
        guard terminal >= 0 else { return false }
        close(terminal)
        return true
    }
}
