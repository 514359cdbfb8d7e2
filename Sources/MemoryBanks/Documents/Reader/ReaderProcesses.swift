import Foundation
import Synchronization

/// The readers that are kept warm, so that a small document costs no start. A reader is one bank's until it ends: what
/// a document does to it can reach no other bank's.
package final class ReaderProcesses: Sendable {
    /// The number of processes that wait for their bank's next document.
    private static let idleMax = 4

    private let program: String
    private let limits: ReaderProcess.Limits
    /// The one that was used last is at the end.
    private let idle = Mutex<[(bank: Int64, process: ReaderProcess)]>([])

    init(_ program: String, _ limits: ReaderProcess.Limits = .init()) {
        (self.program, self.limits) = (program, limits)
    }

    /// nil when the program is not installed.
    ///
    /// - Parameter secondsMax: for one document.
    package static func find(secondsMax: Int = 30) -> ReaderProcesses? {
        ReaderProgram.find().map { ReaderProcesses($0, .init(secondsMax: secondsMax)) }
    }

    func read(
        _ content: Data, as format: DocumentFormat, charset: String?, bank: Int64
    ) throws(UnreadDocument) -> ReadDocument {
        guard let head = ReaderProtocol.head(format, charset: charset) else {
            throw UnreadDocument(.unsupportedType, "it is for another reader")
        }
        if let warm = take(bank) {
            // One that died while it waited costs no document.
            do throws(UnreadDocument) { return try read(content, head, by: warm, bank) } catch {
                guard warm.hasEnded else { throw error }
            }
        }
        return try read(content, head, by: ReaderProcess(program, limits), bank)
    }

    private func read(
        _ content: Data, _ head: [UInt8], by process: ReaderProcess, _ bank: Int64
    ) throws(UnreadDocument) -> ReadDocument {
        defer { giveBack(process, bank) }
        return try process.read(content, head)
    }

    /// The warm one of a bank; nil: there is none. It is the caller's until it is given back.
    func take(_ bank: Int64) -> ReaderProcess? {
        idle.withLock { idle in
            idle.lastIndex { $0.bank == bank }.map { idle.remove(at: $0).process }
        }
    }

    func giveBack(_ process: ReaderProcess, _ bank: Int64) {
        guard !process.isSpent else { return }
        // It ends outside of the lock.
        let oldest = idle.withLock { idle in
            idle.append((bank, process))
            return idle.count > Self.idleMax ? idle.removeFirst().process : nil
        }
        _ = oldest
    }
}
