import Foundation
import LlamaStackAPI

/// The work of a process until it is killed: writers that insert, update and delete documents of their own, and say
/// each step on standard output before it begins and after it was acknowledged.
///
///     begin insert 3-17 1        the call for document 3-17, version 1, is about to be made
///     done insert 3-17 1         it was acknowledged
package struct WriterPool: Sendable {
    package static let bank = "torture"

    package var state: String
    package var writers: Int
    /// Goes into the ids: each round writes documents of its own.
    package var round: Int
    package var seed: UInt64

    package init(state: String, writers: Int, round: Int, seed: UInt64) {
        (self.state, self.writers, self.round, self.seed) = (state, writers, round, seed)
    }

    /// Returns when a write fails, with what was said.
    package func run() async throws {
        let server = try await BankServer(state: state)
        if try await !server.list().contains(where: { $0.uuid == Self.bank }) { try await server.create(Self.bank) }
        Self.say("ready")
        await withTaskGroup(of: Void.self) { group in
            for writer in 0..<writers { group.addTask { await write(writer, server) } }
        }
        await server.stop()
    }

    private func write(_ writer: Int, _ server: BankServer) async {
        var random = SplitMix(seed: seed &+ UInt64(writer) << 32 &+ UInt64(round))
        var living: [(id: String, version: Int)] = []
        do {
            for number in 0... {
                let choice = living.isEmpty ? 0 : random.next() % 4
                switch choice {
                case 2:
                    let index = Int(random.next() % UInt64(living.count))
                    living[index].version += 1
                    try await make(WriteStep(.update, living[index].id, living[index].version), server)
                case 3:
                    let (id, version) = living.remove(at: Int(random.next() % UInt64(living.count)))
                    try await make(WriteStep(.delete, id, version), server)
                default:
                    let id = "\(round)-\(writer)-\(number)"
                    living.append((id, 1))
                    try await make(WriteStep(.insert, id, 1), server)
                }
            }
        } catch {
            Self.say("failed \(error)")
        }
    }

    private func make(_ step: WriteStep, _ server: BankServer) async throws {
        Self.say("begin \(step.words)")
        try await step.make(server)
        Self.say("done \(step.words)")
    }

    /// One write of less than a pipe's atomic size: lines never mix, and none waits in a buffer.
    package static func say(_ line: String) {
        var line = String(line.prefix(500)) + "\n"
        line.withUTF8 { _ = Foundation.write(1, $0.baseAddress, $0.count) }
    }
}
