import ChildProcess
import ContractBridge
import Foundation
import LlamaStackAPI
import Synchronization
import Testing
import Torture

@testable import Runtimes

/// Each side of the socket against one that breaks its rules.
struct ProcessHostileTests {
    /// `Tests/Fixtures/hostile-child`, compiled.
    static let child: Result<String, any Error> = Result {
        let path = ProbeLibrary.folder + "/hostile-child"
        let compiler = Process()
        compiler.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        compiler.arguments = ["cc", "-O1", "-o", path, ProbeLibrary.root + "/Tests/Fixtures/hostile-child/child.c"]
        try compiler.run()
        compiler.waitUntilExit()
        try #require(compiler.terminationStatus == 0)
        return path
    }

    private func start(_ what: String, seed: Int = 1, id: String = "hostile", log: LogSink) async throws -> any Channel
    {
        let library = try ProbeLibrary.build([], source: ProcessRuntimeTests.source)
        let provider = try await InlineRuntime().describe(library).providers[0]
        var settings = IsolationSettings()
        settings.environment = ["HOSTILE_CASE", "HOSTILE_SEED"]
        settings.restart.crashesMax = 1
        settings.cancelSeconds = 0.2
        let runtime = try ProcessRuntime(
            executable: try Self.child.get(), settings: settings,
            environment: ["HOSTILE_CASE": what, "HOSTILE_SEED": "\(seed)"], log: log)
        let setup = InstanceSetup(library: library, provider: provider, providerID: id, config: Array("{}".utf8))
        return try await runtime.create(setup, host: .alone(log: log), withinSeconds: 60)
    }

    private func answer(_ channel: any Channel) -> Answer {
        let callID = UInt64.random(in: 1...(1 << 60)), stream = PartStream()
        var request = CallRequest(callID: callID, method: "chat_completion")
        request.body = Array("{}".utf8)
        channel.invoke(request, into: stream)
        return Answer(stream) { channel.cancel(callID) }
    }

    @Test("a child that breaks a rule is ended, its calls are 502 provider_protocol_error", arguments: 0..<29)
    func breaksRule(which: Int) async throws {
        let log = LogRecord()
        let channel = try await start("\(which)", log: log.sink)
        do throws(CallError) {
            _ = try await answer(channel).collect()
            // What comes after a whole answer is the process's mistake, not that call's.
            #expect([5, 6].contains(which))
        } catch {
            #expect(error.code == .providerProtocolError, "\(error)")
        }
        for _ in 0..<6000 where !log.contains("broke the protocol") { try await Task.sleep(for: .milliseconds(10)) }
        #expect(log.contains("broke the protocol"), "\(log.lines.map(\.message))")
        await channel.close(withinSeconds: 5)
    }

    @Test("200 lives of a child that sends damaged frames leave no thread, no descriptor and no process")
    func damagedFrames() async throws {
        print("seeds 1 to 200")
        _ = try Self.child.get()
        let before = openDescriptors
        var ends: [String: Int] = [:]
        for seed in 1...200 {
            let channel = try await start("fuzz", seed: seed, id: "zq7", log: .discard)
            let process = (channel as? ProcessChannel)?.pid
            let call = answer(channel)
            do throws(CallError) {
                _ = try await call.collect()
                ends["answered", default: 0] += 1
            } catch {
                #expect(
                    [.providerProtocolError, .providerCrashed, .notFound].contains(error.code), "seed \(seed): \(error)"
                )
                ends[error.code.code, default: 0] += 1
            }
            await channel.close(withinSeconds: 5)
            if let process {
                for _ in 0..<3000 where kill(process, 0) == 0 { try await Task.sleep(for: .milliseconds(10)) }
                #expect(kill(process, 0) != 0)
            }
        }
        #expect(ends["provider_protocol_error", default: 0] > 50, "\(ends)")
        for _ in 0..<3000 where readers > 0 { try await Task.sleep(for: .milliseconds(10)) }
        #expect(readers == 0)
        // Other tests run beside this one and have theirs for a while; a descriptor a life would be 200 more, for good.
        for _ in 0..<18_000 where openDescriptors >= before + 100 { try await Task.sleep(for: .milliseconds(10)) }
        #expect(openDescriptors < before + 100)
    }

    private var openDescriptors: Int {
        ((try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []).count
    }

    /// Threads that read from a child of the test above.
    private var readers: Int {
        ((try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []).count {
            (try? String(contentsOfFile: "/proc/self/task/\($0)/comm", encoding: .utf8)) == "inference/zq7\n"
        }
    }

    @Test("a child that gets damaged frames ends, and says why")
    func hostileHost() async throws {
        let lives = 50
        print("seeds 1 to \(lives)")
        let library = try ProbeLibrary.build([], source: ProcessRuntimeTests.source)
        let provider = try await InlineRuntime().describe(library).providers[0]
        var ends: [String: Int] = [:]
        for seed in 1...lives {
            var random = Torture.SplitMix(seed: UInt64(seed))
            let status = try await life(library, provider, &random)
            #expect(["exited with 0", "exited with 76"].contains(status), "seed \(seed): \(status)")
            ends[status, default: 0] += 1
        }
        #expect(ends["exited with 76", default: 0] > lives / 4, "\(ends)")
    }

    private func startChild() throws -> (FrameSocket, ChildProcess) {
        let (ours, theirs) = try FrameSocket.pair()
        let nowhere = open("/dev/null", O_RDWR | O_CLOEXEC)
        defer { close(nowhere) }
        return try withExtendedLifetime(theirs) {
            let options = ChildProcess.Options(
                executable: ProcessRuntimeTests.executable, arguments: ["\(getpid())"],
                descriptors: [3: theirs.descriptor, 4: nowhere])
            return (ours, try ChildProcess.start(options))
        }
    }

    /// How a child ended that got valid frames first, then damaged ones, then the end of the connection.
    private func life(
        _ library: String, _ provider: ProviderDescriptor, _ random: inout Torture.SplitMix
    ) async throws -> String {
        let (ours, child) = try startChild()
        var create = CallRequest(method: "create")
        create.target = PeerTarget.create
        create.body =
            ChildSetup(
                InstanceSetup(library: library, provider: provider, providerID: "x", config: Array("{}".utf8)),
                seconds: 60
            ).json.bytes
        let files = try FuzzFiles()
        let first = FrameStream(parts: [FrameStream.part(try CallPayload.frame(create, call: 1))])
        try first.send(ours)
        // Its answer, so that the instance is there.
        var head = [UInt8](repeating: 0, count: 1)
        _ = recv(ours.descriptor, &head, 1, Int32(MSG_PEEK))
        for _ in 0..<24 { try? FrameStream.damagedCalls(&random, files).send(ours) }
        shutdown(ours.descriptor, Int32(SHUT_WR))
        // What it still says goes nowhere; the socket must not fill.
        let socket = ours
        Thread.detachNewThread {
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
            defer { buffer.deallocate() }
            while case .bytes(_, let descriptor, _)? = try? socket.receive(into: buffer, waits: true) {
                if let descriptor { SealedMemory.discard(descriptor) }
            }
        }
        let ended = Once<String>()
        child.onExit { ended.set($0.status.description) }
        ended.set("did not end", afterSeconds: 60)
        let status = await ended.value()
        child.kill()
        return status
    }
}
