import ContractBridge
import Foundation
import LlamaStackAPI
import Synchronization
import Testing

@testable import Runtimes

/// A provider in a process of its own.
struct ProcessRuntimeTests {
    static let source = ProbeLibrary.root + "/Tests/Fixtures/dying-provider/provider.c"
    /// The build leaves it beside the tests.
    static let executable = ConformanceKit.products + "/llama-stack-provider-host"

    struct Running {
        let channel: any Channel
        let log: LogRecord
        let folder: String

        func start(_ body: String, callID: UInt64 = .random(in: 1...(1 << 60)), deadline: Int64 = 0) -> (Answer, UInt64)
        {
            var request = CallRequest(callID: callID, method: "chat_completion")
            request.body = Array(body.utf8)
            request.requestID = "req_1"
            request.deadlineNanoseconds = deadline
            let stream = PartStream(), channel = channel
            let answer = Answer(stream) { channel.cancel(callID) }
            channel.invoke(request, into: stream)
            return (answer, callID)
        }

        func answer(_ body: String) async throws(CallError) -> String {
            String(decoding: try await start(body).0.collect(), as: UTF8.self)
        }

        /// As a client would: again while the provider is being started again.
        func answerWithRetries(_ body: String) async throws -> String {
            for _ in 0..<600 {
                do throws(CallError) { return try await answer(body) } catch {
                    guard [.providerUnavailable, .providerCrashed].contains(error.code) else { throw error }
                    try await Task.sleep(for: .milliseconds(50))
                }
            }
            throw CallError(.providerUnavailable, "did not come back within 30 s")
        }
    }

    private func run(
        _ macros: [String] = [], _ change: (inout IsolationSettings) -> Void = { _ in }
    ) async throws -> Running {
        let library = try ProbeLibrary.build(macros, source: Self.source)
        let log = LogRecord()
        var settings = IsolationSettings()
        settings.restart.crashesMax = 0
        change(&settings)
        let runtime = try ProcessRuntime(executable: Self.executable, settings: settings, log: log.sink)
        let description = try await runtime.describe(library)
        let folder = FileManager.default.temporaryDirectory.path + "/process-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        var setup = InstanceSetup(
            library: library, provider: description.providers[0], providerID: "x", config: Array("{}".utf8))
        setup.statePath = folder
        let channel = try await runtime.create(setup, host: .alone(log: log.sink), withinSeconds: 60)
        return Running(channel: channel, log: log, folder: folder)
    }

    @Test("a library is described in a child as it is here")
    func describes() async throws {
        let library = try ProbeLibrary.build()
        let runtime = try ProcessRuntime(executable: Self.executable, log: .discard)
        let there = try await runtime.describe(library), here = try await InlineRuntime().describe(library)
        #expect(there.json == here.json)
    }

    @Test("a library that ends its process while it is read is refused, and the way it ended is named")
    func endsAtEntry() async throws {
        let library = try ProbeLibrary.build(["EXIT_AT_ENTRY"], source: Self.source)
        let runtime = try ProcessRuntime(executable: Self.executable, log: .discard)
        let refusal = await #expect(throws: PluginRefusal.self) { _ = try await runtime.describe(library) }
        #expect(refusal?.message.contains("exited with 0") == true, "\(refusal?.message ?? "")")
    }

    @Test("an answer comes from another process, and nothing of our environment goes there")
    func answers() async throws {
        setenv("SECRET", "1", 1)
        let running = try await run()
        let answer = try await running.answer("{}")
        let json = try JSON(parsing: answer)
        #expect(json["pid"] != .integer(Int64(getpid())))
        #expect(json["cwd"] == "")
        #expect(await running.channel.close(withinSeconds: 60))
    }

    @Test(
        "a child that is prompt is waited for on the caller's thread, and one that stands still is not",
        .enabled(if: ProcessInfo.processInfo.activeProcessorCount > 1))
    func waits() async throws {
        let running = try await run()
        // Not every time: another test may have the thread that is lent, or the machine much to do.
        var wasEnded = false
        let end = ContinuousClock.now + .seconds(300)
        while !wasEnded, ContinuousClock.now < end {
            let (answer, _) = running.start("{}")
            wasEnded = answer.hasEnded
            _ = try await answer.collect()
        }
        #expect(wasEnded)
        let (hanging, callID) = running.start(#"{"do":"hang"}"#)
        #expect(!hanging.hasEnded)
        running.channel.cancel(callID)
        await running.channel.close(withinSeconds: 60)
    }

    @Test("bodies and answers of any size pass", arguments: [0, 1, 255, 256 * 1024, 256 * 1024 + 1, 3 << 20])
    func sizes(size: Int) async throws {
        let running = try await run()
        let body = #"{"pad":""# + String(repeating: "a", count: size) + #""}"#
        let json = try JSON(parsing: try await running.answer(body))
        #expect(json["size"] == .integer(Int64(body.utf8.count)))
        let large = try await running.start(#"{"do":"large"}"#).0.collect()
        #expect(large.count == 40 << 20)
        await running.channel.close(withinSeconds: 60)
    }

    @Test("a stream arrives whole and in order, beside a reader that does not read")
    func streams() async throws {
        let running = try await run()
        let (slow, _) = running.start(#"{"do":"events"}"#)
        var count = 0
        for try await part in running.start(#"{"do":"events"}"#).0 {
            #expect(part == .event(Array("{\"n\":\(count)}".utf8)))
            count += 1
        }
        #expect(count == 20000)
        // The other one waited, and has lost nothing.
        #expect(String(decoding: try await slow.collect(), as: UTF8.self).hasSuffix(#"{"n":19999}"#))
        await running.channel.close(withinSeconds: 60)
    }

    @Test(
        "each way to die ends its call with the way named, and the next call is served",
        arguments: [
            ("segv", "SIGSEGV"), ("abort", "SIGABRT"), ("trap", "SIG"), ("bus", "SIGBUS"), ("overflow", "SIGSEGV"),
            ("_exit", "exited with 0"), ("exit", "exited with 3"), ("kill", "SIGKILL"),
        ])
    func dies(way: String, name: String) async throws {
        let running = try await run()
        let before = try JSON(parsing: try await running.answer("{}"))["pid"]
        let error = await #expect(throws: CallError.self) { _ = try await running.answer(#"{"do":"\#(way)"}"#) }
        #expect(error?.code == .providerCrashed)
        #expect(error?.message.contains(name) == true, "\(error?.message ?? "")")
        let after = try JSON(parsing: try await running.answerWithRetries("{}"))["pid"]
        #expect(before != after)
        let files = try FileManager.default.contentsOfDirectory(atPath: running.folder).filter {
            $0.hasPrefix("crash-")
        }
        #expect(files.count == 1)
        await running.channel.close(withinSeconds: 60)
    }

    @Test("memory beyond the limit ends the child, and the limit is named")
    func outOfMemory() async throws {
        let running = try await run { $0.limits.memoryBytes = 128 << 20 }
        let error = await #expect(throws: CallError.self) { _ = try await running.answer(#"{"do":"memory"}"#) }
        #expect(error?.message.contains("limit on memory") == true, "\(error?.message ?? "")")
        _ = try await running.answerWithRetries("{}")
        await running.channel.close(withinSeconds: 60)
    }

    @Test("calls of others end with the crash at once, and streams too")
    func siblings() async throws {
        let running = try await run()
        let hangs = (0..<16).map { _ in running.start(#"{"do":"hang"}"#).0 }
        _ = try? await running.answer(#"{"do":"segv"}"#)
        for hang in hangs {
            let error = await #expect(throws: CallError.self) { _ = try await hang.collect() }
            #expect(error?.code == .providerCrashed)
        }
        await running.channel.close(withinSeconds: 60)
    }

    @Test("a provider that crashes too often stays down, and says when to ask again")
    func givesUp() async throws {
        let running = try await run { settings in
            settings.restart.crashesMax = 3
            settings.restart.firstSeconds = 0.01
        }
        for _ in 0..<3 {
            _ = try await running.answerWithRetries("{}")
            _ = try? await running.answer(#"{"do":"segv"}"#)
        }
        let error = await #expect(throws: CallError.self) { _ = try await running.answer("{}") }
        #expect(error?.code == .providerUnavailable)
        #expect(error?.retryAfterSeconds == 30)
        await running.channel.close(withinSeconds: 60)
    }

    @Test("a cancel that is not obeyed ends the child")
    func disobeys() async throws {
        let running = try await run { $0.cancelSeconds = 0.2 }
        let (sibling, _) = running.start(#"{"do":"hang"}"#)
        let (answer, callID) = running.start(#"{"do":"hang"}"#)
        running.channel.cancel(callID)
        for each in [answer, sibling] {
            let error = await #expect(throws: CallError.self) { _ = try await each.collect() }
            #expect(error?.code == .providerCrashed)
            #expect(error?.message.contains("cancel") == true)
        }
        _ = try await running.answerWithRetries("{}")
        await running.channel.close(withinSeconds: 60)
    }

    @Test("a deadline is 504, also where the whole child stands still")
    func deadline() async throws {
        let running = try await run { $0.cancelSeconds = 0.2 }
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        let deadline = Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec) + 300_000_000
        let error = await #expect(throws: CallError.self) {
            _ = try await running.start(#"{"do":"stop"}"#, deadline: deadline).0.collect()
        }
        #expect(error?.code == .providerTimeout)
        _ = try await running.answerWithRetries("{}")
        await running.channel.close(withinSeconds: 60)
    }

    @Test("a provider that ignores PAUSE is stopped, and stays up")
    func floods() async throws {
        let running = try await run()
        let pid = try JSON(parsing: try await running.answer("{}"))["pid"]
        let (flood, _) = running.start(#"{"do":"flood"}"#)
        while !running.log.contains("ignored LSP_PAUSE") && running.log.lines.count < 10_000 {
            try await Task.sleep(for: .milliseconds(10))
            if (try? await running.answer("{}")) == nil { break }
            if flood.hasEnded { break }
        }
        #expect(try JSON(parsing: try await running.answer("{}"))["pid"] == pid)
        await running.channel.close(withinSeconds: 60)
    }

    @Test("what a child prints is lines of the log with their stream")
    func prints() async throws {
        let running = try await run()
        _ = try await running.answer(#"{"do":"print"}"#)
        for _ in 0..<6000 where !running.log.contains("printed on stderr") {
            try await Task.sleep(for: .milliseconds(10))
        }
        let line = try #require(running.log.lines.first { $0.message == "printed on stdout" })
        #expect(line.source == "inference/x")
        #expect(line.fields["stream"] == "stdout")
        await running.channel.close(withinSeconds: 60)
    }

    // MARK: status and restart

    @Test("the status says which process, what hangs in it, and how often it was started again")
    func status() async throws {
        let running = try await run { $0.cancelSeconds = 60 }
        let pid = try JSON(parsing: try await running.answer("{}"))["pid"]
        var status = running.channel.status
        #expect((status.isolation, status.state, status.restarts) == ("process", .running, 0))
        #expect(status.pid.map { .integer(Int64($0)) } == pid)
        #expect((running.channel.memoryBytes ?? 0) > 1 << 20)
        // Blocks in invoke: the child says so when it is asked.
        let (blocked, _) = running.start(#"{"do":"block"}"#)
        while running.channel.status.state != .stuck { try await Task.sleep(for: .milliseconds(20)) }
        status = running.channel.status
        #expect(status.blockedIn == "invoke chat_completion")
        #expect(status.since != nil)
        #expect(status.openCalls == 1)
        try await running.channel.restart()
        status = running.channel.status
        #expect((status.state, status.restarts, status.openCalls) == (.running, 1, 0))
        let error = await #expect(throws: CallError.self) { _ = try await blocked.collect() }
        #expect(error?.code == .providerUnavailable)
        #expect(try JSON(parsing: try await running.answer("{}"))["pid"] != pid)
        await running.channel.close(withinSeconds: 60)
        #expect(running.channel.status.state == .stopped)
    }

    @Test("a provider that stays down is started again when the operator asks, and may crash as often as before")
    func restartsFailed() async throws {
        let running = try await run { settings in
            settings.restart.crashesMax = 2
            settings.restart.firstSeconds = 0.01
        }
        for _ in 0..<2 {
            for _ in 0..<2 {
                _ = try await running.answerWithRetries("{}")
                _ = try? await running.answer(#"{"do":"segv"}"#)
            }
            #expect(running.channel.status.state == .failed)
            try await running.channel.restart()
            _ = try await running.answer("{}")
        }
        await running.channel.close(withinSeconds: 60)
        await #expect(throws: CallError.self) { try await running.channel.restart() }
    }

    @Test("a crash while it is told to start again starts one process")
    func restartBesideCrash() async throws {
        let running = try await run { $0.restart.firstSeconds = 0.01 }
        let crash = Task { try? await running.answer(#"{"do":"segv"}"#) }
        try await running.channel.restart()
        _ = await crash.value
        _ = try await running.answerWithRetries("{}")
        #expect(running.channel.status.state == .running)
        await running.channel.close(withinSeconds: 60)
    }
}
