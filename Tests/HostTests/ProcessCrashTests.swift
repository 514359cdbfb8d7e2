import ContractBridge
import Foundation
import LlamaStackAPI
import Synchronization
import Testing
import Torture

@testable import Runtimes

/// A crash costs its own calls, and nothing of others.
struct ProcessCrashTests {
    static let built =
        (ProcessRuntimeTests.executable as NSString).deletingLastPathComponent

    @Test("a provider that dies in each of nine ways, twice, comes back, and its neighbours' streams lose nothing")
    func nineWays() async throws {
        let library = try ProbeLibrary.build([], source: ProcessRuntimeTests.source)
        let result = try await CrashRounds(
            library: library, executable: ProcessRuntimeTests.executable, rounds: 2
        ).run()
        print(result.table.joined(separator: "\n"))
        #expect(result.wrong == [])
        #expect(result.lost == 0)
        #expect(result.events > 0)
        #expect(result.rows.allSatisfy { $0.errorSeconds.count == 2 && $0.recoverySeconds.count == 2 })
    }

    @Test("memory banks that are killed below writers lose no acknowledged write, and a write made again acts once")
    func acknowledgedWrites() async throws {
        print("seed 1")
        let state = FileManager.default.temporaryDirectory.path + "/banks-\(UUID().uuidString)"
        let result = try await ProviderKills(
            library: Self.built + "/libprovider-memory-banks-file.so", executable: ProcessRuntimeTests.executable,
            state: state, rounds: 10, seed: 1
        ).run()
        print("\(result.kills) kills, \(result.acknowledged) acknowledged, \(result.retried) tries again")
        #expect(result.wrong == [])
        #expect(result.kills == 10)
        #expect(result.acknowledged > 0)
        try FileManager.default.removeItem(atPath: state)
    }

    private func channel(
        _ settings: IsolationSettings = IsolationSettings(), state: String = "", log: LogSink = .discard
    ) async throws -> any Channel {
        let library = try ProbeLibrary.build([], source: ProcessRuntimeTests.source)
        let runtime = try ProcessRuntime(executable: ProcessRuntimeTests.executable, settings: settings, log: log)
        var setup = InstanceSetup(
            library: library, provider: try await runtime.describe(library).providers[0], providerID: "x",
            config: Array("{}".utf8))
        setup.statePath = state
        return try await runtime.create(setup, host: .alone(log: log), withinSeconds: 60)
    }

    private func answer(
        _ channel: any Channel, _ body: String, method: String = "chat_completion", deadline: Int64 = 0
    ) async throws(CallError) -> String {
        let callID = UInt64.random(in: 1...(1 << 60)), stream = PartStream()
        var request = CallRequest(callID: callID, method: method)
        request.body = Array(body.utf8)
        request.deadlineNanoseconds = deadline
        channel.invoke(request, into: stream)
        let answer = Answer(stream) { channel.cancel(callID) }
        return String(decoding: try await answer.collect(), as: UTF8.self)
    }

    private func answerWithRetries(_ channel: any Channel, _ body: String) async throws -> String {
        for _ in 0..<6000 {
            do throws(CallError) { return try await answer(channel, body) } catch {
                guard error.code == .providerUnavailable, error.retryAfterSeconds == 1 else { throw error }
                try await Task.sleep(for: .milliseconds(10))
            }
        }
        throw CallError(.providerUnavailable, "did not come back")
    }

    @Test("by default the fifth crash within a minute is the last: then 503, to be asked again after 30 s")
    func defaultPolicy() async throws {
        let channel = try await channel()
        for _ in 0..<5 {
            let error = await #expect(throws: CallError.self) {
                _ = try await answerWithRetries(channel, #"{"do":"segv"}"#)
            }
            #expect(error?.code == .providerCrashed)
        }
        let error = await #expect(throws: CallError.self) { _ = try await answerWithRetries(channel, "{}") }
        #expect(error?.code == .providerUnavailable)
        #expect(error?.retryAfterSeconds == 30)
        await channel.close(withinSeconds: 5)
    }

    @Test("a state folder that another process holds is not opened, and the error says so")
    func orphanHoldsState() async throws {
        let state = FileManager.default.temporaryDirectory.path + "/held-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: state, withIntermediateDirectories: true)
        let file = open(state + "/.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        try #require(flock(file, LOCK_EX | LOCK_NB) == 0)
        let failure = await #expect(throws: CreateFailure.self) { _ = try await channel(state: state) }
        let text = String(decoding: failure?.error ?? [], as: UTF8.self)
        #expect(text.contains("is in use by another process"), "\(text)")
        close(file)
        let free = try await channel(state: state)
        await free.close(withinSeconds: 5)
    }

    @Test("what was registered before a deadline that has passed is registered again after a crash")
    func registersAgain() async throws {
        let log = LogRecord()
        var settings = IsolationSettings()
        settings.restart.crashesMax = 0
        let channel = try await channel(settings, log: log.sink)
        let deadline = Int64(clamping: DispatchTime.now().uptimeNanoseconds) + 5_000_000_000
        _ = try await answer(channel, #"{"kind":"model","id":"m"}"#, method: "register", deadline: deadline)
        try await Task.sleep(for: .milliseconds(5100))
        _ = try? await answer(channel, #"{"do":"segv"}"#)
        _ = try await answerWithRetries(channel, "{}")
        #expect(!log.contains("can't serve"), "\(log.lines.map(\.message))")
        await channel.close(withinSeconds: 5)
    }

    @Test("a close while the provider is being started again leaves no process that holds its state")
    func closeDuringRestart() async throws {
        for wait in [0, 5, 20, 40, 60, 80, 120] {
            let state = FileManager.default.temporaryDirectory.path + "/restart-\(UUID().uuidString)"
            try FileManager.default.createDirectory(atPath: state, withIntermediateDirectories: true)
            var settings = IsolationSettings()
            settings.restart.crashesMax = 0
            settings.restart.firstSeconds = 0.001
            let first = try await channel(settings, state: state)
            _ = try? await answer(first, #"{"do":"segv"}"#)
            try await Task.sleep(for: .milliseconds(wait))
            await first.close(withinSeconds: 5)
            let second = try await channel(settings, state: state)
            _ = try await answer(second, "{}")
            await second.close(withinSeconds: 5)
        }
    }

    @Test("a child that stands still while its instance is destroyed is killed")
    func stopsDuringDestroy() async throws {
        let channel = try await channel()
        let pid = try #require((channel as? ProcessChannel)?.pid)
        kill(pid, SIGSTOP)
        #expect(await !channel.close(withinSeconds: 0.2))
        for _ in 0..<3000 where kill(pid, 0) == 0 { try await Task.sleep(for: .milliseconds(10)) }
        #expect(kill(pid, 0) != 0)
    }
}

/// When a provider is started again, on a clock that the test sets.
struct CrashHistoryTests {
    private func policy(_ change: (inout RestartPolicy) -> Void = { _ in }) -> RestartPolicy {
        var policy = RestartPolicy()
        policy.crashesMax = 0
        change(&policy)
        return policy
    }

    @Test("the wait doubles with each crash, up to the longest")
    func doubles() {
        var history = CrashHistory(policy())
        let waits = (0..<12).map { history.crashed(at: Double($0), upSeconds: 0, jitter: 0) }
        let wanted = [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30, 30, 30]
        #expect(waits == wanted.map { .restart(afterSeconds: $0) })
    }

    @Test("jitter is a fifth either way, and never makes a wait longer than the longest")
    func jitter() {
        for (jitter, first) in [(-1.0, 0.08), (1.0, 0.12)] {
            var history = CrashHistory(policy())
            guard case .restart(let seconds) = history.crashed(at: 0, upSeconds: 0, jitter: jitter) else { continue }
            #expect(abs(seconds - first) < 1e-9)
            for number in 1..<20 {
                guard case .restart(let seconds) = history.crashed(at: Double(number), upSeconds: 0, jitter: jitter)
                else { continue }
                #expect(seconds <= 30)
            }
        }
    }

    @Test("60 s of service begin the waits anew")
    func resets() {
        var history = CrashHistory(policy())
        for number in 0..<4 { _ = history.crashed(at: Double(number), upSeconds: 0, jitter: 0) }
        #expect(history.crashed(at: 100, upSeconds: 59.9, jitter: 0) == .restart(afterSeconds: 1.6))
        #expect(history.crashed(at: 200, upSeconds: 60, jitter: 0) == .restart(afterSeconds: 0.1))
    }

    @Test("crashes_max crashes within the window are the last, and those before it do not count")
    func givesUp() {
        var history = CrashHistory(
            policy {
                $0.crashesMax = 3
                $0.withinSeconds = 10
            })
        #expect(history.crashed(at: 0, upSeconds: 0, jitter: 0) != .giveUp)
        #expect(history.crashed(at: 5, upSeconds: 0, jitter: 0) != .giveUp)
        #expect(history.crashed(at: 10, upSeconds: 0, jitter: 0) != .giveUp)
        #expect(history.crashed(at: 14.9, upSeconds: 0, jitter: 0) == .giveUp)
    }

    @Test("a limit of 0 crashes is none")
    func never() {
        var history = CrashHistory(policy())
        #expect((0..<1000).allSatisfy { _ in history.crashed(at: 0, upSeconds: 0, jitter: 0) != .giveUp })
    }
}
