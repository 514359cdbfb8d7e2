import Foundation
import LlamaStackAPI
import Synchronization

/// Sends a check's results to the parent process: one JSON object a line, unbuffered, so that a crash loses nothing.
final class Reporter: Sendable {
    /// More sightings of one rule than this say nothing new.
    static let sightingsMax = 8

    private let descriptor: Int32
    private let sightings = Mutex<[Rule: Int]>([:])
    private let turn = Mutex(())

    init(descriptor: Int32) { self.descriptor = descriptor }

    /// Records the next step, which is reported if the process ends in it.
    func at(_ step: String) { write(["at": .string(step)]) }

    func result(_ outcome: CheckResult.Outcome, _ detail: String = "", subject: String = "") {
        write(["result": .string(outcome.rawValue), "subject": .string(subject), "detail": .string(detail)])
    }

    func broken(_ rule: Rule, _ what: String) {
        let count = sightings.withLock { counts -> Int in
            counts[rule, default: 0] += 1
            return counts[rule] ?? 0
        }
        guard count <= Self.sightingsMax else { return }
        write(["broken": .string(rule.rawValue), "what": .string(what)])
    }

    func took(_ function: String, milliseconds: Double) {
        write(["took": .string(function), "milliseconds": .number(milliseconds)])
    }

    func provider(_ name: String) { write(["provider": .string(name)]) }

    /// The line without which the check has failed.
    func close() { write(["closed": true]) }

    private func write(_ json: JSON) {
        var bytes = json.bytes
        bytes.append(UInt8(ascii: "\n"))
        // One write at a time: lines of several threads must not mix.
        turn.withLock { _ in
            var done = 0
            while done < bytes.count {
                let count = bytes.withUnsafeBufferPointer { buffer in
                    Foundation.write(descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done)
                }
                if count < 0, errno != EINTR { return }
                done += max(0, count)
            }
        }
    }
}
