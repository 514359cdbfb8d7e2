import ContractBridge
import Foundation
import LlamaStackAPI
import Runtimes
import Synchronization

/// Memory banks in a child that is killed below writers. A write whose answer was lost is made again under its key, as
/// a client would; what was acknowledged must be there at the end, once.
package struct ProviderKills: Sendable {
    package struct Result: Sendable {
        package var kills = 0
        package var acknowledged = 0
        package var retried = 0
        package var wrong: [String] = []
    }

    /// The library of the memory banks.
    package var library: String
    /// `llama-stack-provider-host`; nil: beside this program.
    package var executable: String?
    package var state: String
    package var rounds: Int
    package var writers: Int
    package var seed: UInt64

    package init(
        library: String, executable: String? = nil, state: String, rounds: Int, writers: Int = 8, seed: UInt64
    ) {
        (self.library, self.executable, self.state) = (library, executable, state)
        (self.rounds, self.writers, self.seed) = (rounds, writers, seed)
    }

    package func run() async throws -> Result {
        try FileManager.default.createDirectory(atPath: state, withIntermediateDirectories: true)
        let channel = try await channel()
        let server = BankServer(channel: channel)
        try await server.create(WriterPool.bank)
        let book = Book(), isOver = Once<Void>()
        let kills = try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<writers {
                group.addTask {
                    do {
                        try await write(writer, server, isOver: { isOver.current != nil }, book)
                    } catch { book.note("writer \(writer): \(error)") }
                }
            }
            let kills = try await kill(channel)
            isOver.fire()
            try await group.waitForAll()
            return kills
        }
        let (heard, retried, wrong) = book.content
        var oracle = heard
        var result = Result(kills: kills, wrong: wrong + oracle.failures)
        try await untilItServes(server)
        result.wrong += try await oracle.check(server)
        (result.acknowledged, result.retried) = (oracle.acknowledged, retried)
        if !(await channel.close(withinSeconds: 30)) { result.wrong.append("it was not destroyed in order") }
        return result
    }

    private func channel() async throws -> ProcessChannel {
        var settings = IsolationSettings()
        settings.restart.crashesMax = 0
        settings.restart.longestSeconds = settings.restart.firstSeconds
        let runtime = try ProcessRuntime(executable: executable, settings: settings, log: .discard)
        let description = try await runtime.describe(library)
        guard let provider = description.providers.first(where: { $0.type == "inline::file" }) else { throw Missing() }
        var setup = InstanceSetup(library: library, provider: provider, providerID: "files", config: Array("{}".utf8))
        setup.statePath = state
        guard
            let channel = try await runtime.create(setup, host: .alone(log: .discard), withinSeconds: 60)
                as? ProcessChannel
        else { throw Missing() }
        return channel
    }

    private struct Missing: Error {}

    /// Each process that comes up is killed, after some time.
    private func kill(_ channel: ProcessChannel) async throws -> Int {
        var random = SplitMix(seed: seed)
        var last: pid_t = 0
        var kills = 0
        while kills < rounds {
            try await Task.sleep(for: .milliseconds(20 + Int(random.next() % 200)))
            guard let pid = channel.pid, pid != last else { continue }
            last = pid
            if Foundation.kill(pid, SIGKILL) == 0 { kills += 1 }
        }
        return kills
    }

    private func write(
        _ writer: Int, _ server: BankServer, isOver: () -> Bool, _ book: Book
    ) async throws {
        var random = SplitMix(seed: seed &+ UInt64(writer) << 32)
        var living: [(id: String, version: Int)] = []
        var number = 0
        while !isOver() {
            let step: WriteStep
            switch living.isEmpty ? 0 : random.next() % 4 {
            case 2:
                let index = Int(random.next() % UInt64(living.count))
                living[index].version += 1
                step = WriteStep(.update, living[index].id, living[index].version)
            case 3:
                let (id, version) = living.remove(at: Int(random.next() % UInt64(living.count)))
                step = WriteStep(.delete, id, version)
            default:
                living.append(("\(writer)-\(number)", 1))
                step = WriteStep(.insert, "\(writer)-\(number)", 1)
                number += 1
            }
            book.hear("begin \(step.words)")
            try await makeUntilAnswered(step, server, book)
            book.hear("done \(step.words)")
        }
    }

    /// The last kill may have been a moment ago.
    private func untilItServes(_ server: BankServer) async throws {
        for _ in 0..<6_000 {
            if (try? await server.list()) != nil { return }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    private func makeUntilAnswered(_ step: WriteStep, _ server: BankServer, _ book: Book) async throws {
        for _ in 0..<6_000 {
            do { return try await step.make(server) } catch let error as CallError {
                guard [.providerCrashed, .providerUnavailable].contains(error.code) else { throw error }
                book.noteRetry()
                try await Task.sleep(for: .milliseconds(10))
            }
        }
        throw CallError(.providerUnavailable, "\(step.words): no answer within 60 s")
    }
}

/// The writers' own record of their steps.
private final class Book: Sendable {
    private let state = Mutex((oracle: Oracle(), retried: 0, wrong: [String]()))

    var content: (Oracle, Int, [String]) { state.withLock { ($0.oracle, $0.retried, $0.wrong) } }
    func hear(_ line: String) { state.withLock { $0.oracle.hear(line) } }
    func noteRetry() { state.withLock { $0.retried += 1 } }
    func note(_ wrong: String) { state.withLock { $0.wrong.append(wrong) } }
}
