import ContractBridge
import Foundation
import LlamaStackAPI
import Runtimes
import Synchronization

/// A provider in a child that dies in every way there is, again and again, while streams of its neighbours go on.
package struct CrashRounds: Sendable {
    /// The ways to die, as `Tests/Fixtures/dying-provider` calls them. "kill9" is ours: SIGKILL from outside.
    package static let ways = ["segv", "abort", "trap", "bus", "overflow", "_exit", "exit", "kill9", "memory"]

    package struct Row: Sendable {
        package var way: String
        /// From the call to its error, and from there to the next good answer.
        package var errorSeconds: [Double] = []
        package var recoverySeconds: [Double] = []
    }

    package struct Result: Sendable {
        package var rows: [Row] = ways.map { Row(way: $0) }
        /// The events that the neighbours' streams received, and those that were wrong.
        package var events = 0
        package var lost = 0
        package var wrong: [String] = []
    }

    /// The library of the dying provider.
    package var library: String
    /// `llama-stack-provider-host`; nil: beside this program.
    package var executable: String?
    package var rounds: Int
    package var streams = 16

    package init(library: String, executable: String? = nil, rounds: Int) {
        (self.library, self.executable, self.rounds) = (library, executable, rounds)
    }

    package func run(_ report: @Sendable (Int) -> Void = { _ in }) async throws -> Result {
        let victim = try await channel("victim", isInline: false)
        let neighbours = [try await channel("inline", isInline: true), try await channel("child", isInline: false)]
        let isOver = Once<Void>()
        let watch = StreamWatch()
        return try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<streams {
                let neighbour = neighbours[number % neighbours.count]
                group.addTask { while isOver.current == nil { await watch.follow(neighbour) } }
            }
            var result = Result()
            for round in 0..<rounds {
                for index in result.rows.indices { await kill(victim, &result.rows[index], &result.wrong) }
                report(round)
            }
            isOver.fire()
            try await group.waitForAll()
            (result.events, result.lost) = watch.counts
            for each in neighbours + [victim] where !(await each.close(withinSeconds: 10)) {
                result.wrong.append("an instance was not destroyed in order")
            }
            return result
        }
    }

    private func channel(_ id: String, isInline: Bool) async throws -> any Channel {
        var settings = IsolationSettings()
        settings.restart.crashesMax = 0
        // Each crash waits as the first does, however many came before.
        settings.restart.longestSeconds = settings.restart.firstSeconds
        settings.limits.memoryBytes = 256 << 20
        settings.limits.isBestEffort = true
        let runtime: any ProviderRuntime =
            isInline ? InlineRuntime() : try ProcessRuntime(executable: executable, settings: settings, log: .discard)
        let description = try await runtime.describe(library)
        guard let provider = description.providers.first else { throw Missing() }
        let setup = InstanceSetup(library: library, provider: provider, providerID: id, config: Array("{}".utf8))
        return try await runtime.create(setup, host: .alone(log: .discard), withinSeconds: 60)
    }

    private struct Missing: Error {}

    /// One death, and the way back.
    private func kill(_ victim: any Channel, _ row: inout Row, _ wrong: inout [String]) async {
        let began = ContinuousClock.now
        let isOutside = row.way == "kill9"
        let pid = (victim as? ProcessChannel)?.pid
        let call = Self.start(victim, #"{"do":"\#(isOutside ? "hang" : row.way)"}"#)
        if isOutside, let pid { Foundation.kill(pid, SIGKILL) }
        do {
            _ = try await call.collect()
            wrong.append("\(row.way): the call was answered")
        } catch  where error.code == .providerCrashed {
            row.errorSeconds.append((ContinuousClock.now - began) / .seconds(1))
        } catch { wrong.append("\(row.way): \(error)") }
        let crashed = ContinuousClock.now
        for _ in 0..<20_000 {
            do {
                _ = try await Self.start(victim, "{}").collect()
                return row.recoverySeconds.append((ContinuousClock.now - crashed) / .seconds(1))
            } catch { try? await Task.sleep(for: .milliseconds(3)) }
        }
        wrong.append("\(row.way): it did not come back within 60 s")
    }

    fileprivate static func start(_ channel: any Channel, _ body: String) -> Answer {
        let callID = UInt64.random(in: 1...(1 << 60)), stream = PartStream()
        var request = CallRequest(callID: callID, method: "chat_completion")
        request.body = Array(body.utf8)
        channel.invoke(request, into: stream)
        return Answer(stream) { channel.cancel(callID) }
    }
}

/// Counts what streams get that must be whole and in order.
private final class StreamWatch: Sendable {
    /// The number of events that the crashing provider writes for "events".
    private static let eventsEach = 20_000
    private let state = Mutex((events: 0, lost: 0))

    var counts: (Int, Int) { state.withLock { ($0.events, $0.lost) } }

    func follow(_ channel: any Channel) async {
        var count = 0, lost = 0
        do throws(CallError) {
            for try await part in CrashRounds.start(channel, #"{"do":"events"}"#) {
                if part != .event(Array("{\"n\":\(count)}".utf8)) { lost += 1 }
                count += 1
                // A pace that leaves the machine room: else the times are those of a full one.
                if count % 100 == 0 { try? await Task.sleep(for: .milliseconds(10)) }
            }
        } catch { lost += 1 }
        lost += max(0, Self.eventsEach - count)
        state.withLock { ($0.events, $0.lost) = ($0.events + count, $0.lost + lost) }
    }
}

extension CrashRounds.Result {
    /// A line a way: medians and the highest, in milliseconds.
    package var table: [String] {
        rows.map { row in
            "\(row.way.padding(toLength: 10, withPad: " ", startingAt: 0)) \(row.errorSeconds.count) times; to the error "
                + Self.text(row.errorSeconds) + "; from there to the next answer " + Self.text(row.recoverySeconds)
        } + ["\(events) events of the neighbours' streams, \(lost) lost"]
    }

    private static func text(_ seconds: [Double]) -> String {
        let sorted = seconds.sorted()
        guard let last = sorted.last else { return "-" }
        return "\(Int(sorted[sorted.count / 2] * 1000)) ms, at most \(Int(last * 1000)) ms"
    }
}
