import CProcessProbe
import Foundation

/// The state of a host's thread that a function called on it must not change.
struct ThreadState {
    private let blockedSignals = pp_blocked_signals()
    private let floatControl = pp_float_control()
    // Linux keeps it for each thread.
    private let priority = getpriority(0, 0)

    /// "changed …", for each.
    func changes(since before: ThreadState) -> [String] {
        var found: [String] = []
        if blockedSignals != before.blockedSignals {
            let changed = blockedSignals ^ before.blockedSignals
            let names = (1...64).filter { changed >> ($0 - 1) & 1 == 1 }.map { SignalName.of(Int32($0)) }
            found.append("changed which signals its caller's thread blocks: \(names.joined(separator: ", "))")
        }
        if floatControl != before.floatControl {
            let hex = { (value: UInt64) in "0x" + String(value, radix: 16) }
            found.append(
                "changed how its caller's thread computes (rounding, flushing of small numbers, traps): "
                    + "\(hex(before.floatControl)) to \(hex(floatControl))")
        }
        if priority != before.priority {
            found.append("changed the priority of its caller's thread: \(before.priority) to \(priority)")
        }
        return found
    }
}
