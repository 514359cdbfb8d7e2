import Foundation
import LlamaStackAPI
import Testing

@testable import Host

/// What can go wrong in a reload, and where the code of a provider runs.
extension ReloadTests {
    @Test("a file with mistakes changes nothing, and all of them are said")
    func mistakes() async throws {
        let running = try await Running.start(try Self.two("one", "two"), more: Self.models)
        let wrong = Running.inference(try Running.entry("a", "{say: 1}"), try Running.entry("b", "{sya: two}"))
        let report = try await running.reload(wrong, more: Self.models)
        #expect(!report.isApplied && report.lines.isEmpty)
        #expect(report.exitCode == 78)
        #expect(report.diagnostics.map(\.code) == ["wrong_type", "unknown_key"])
        #expect(try await running.say("a") == "one")
        #expect(running.log.contains("dist.yaml was not reloaded, nothing has changed: 2 mistakes"))
        await running.end()
    }

    @Test("a file that is gone, a folder, or half written changes nothing")
    func unreadable() async throws {
        let running = try await Running.start(try Self.two("one", "two"), more: Self.models)
        let file = running.folder + "/dist.yaml"
        let whole = try String(contentsOfFile: file, encoding: .utf8)
        try FileManager.default.removeItem(atPath: file)
        #expect(try await running.stack.reload().exitCode == 66)
        try FileManager.default.createDirectory(atPath: file, withIntermediateDirectories: false)
        #expect(try await running.stack.reload().exitCode == 66)
        try FileManager.default.removeItem(atPath: file)
        try Data(whole.utf8.prefix(whole.utf8.count / 2)).write(to: URL(fileURLWithPath: file))
        #expect(try await running.stack.reload().exitCode == 78)
        try Data().write(to: URL(fileURLWithPath: file))
        #expect(try await running.stack.reload().exitCode == 78)
        #expect(try await running.say("a") == "one")
        #expect(running.stack.providers.allSatisfy { $0.channel.restarts == 0 })
        await running.end()
    }

    @Test("a new provider that needs an API which nothing serves is a mistake")
    func missingNeed() async throws {
        let library = try ProbeLibrary.build(#"PROVIDER_NEEDS="[\"datasets\"]""#)
        let running = try await Running.start(try Self.two("one", "two"), more: Self.models)
        let needy = "    - {provider_id: c, provider_type: inline::probe, library: \(library)}\n"
        let report = try await running.reload(try Self.two("three", "two") + needy, more: Self.models)
        #expect(report.diagnostics.map(\.code) == ["missing_api"], "\(report.diagnostics)")
        #expect(!report.isApplied)
        #expect(try await running.say("a") == "one")
        await running.end()
    }

    @Test("an entry that can't be created as it is now is created as it was")
    func createdAsBefore() async throws {
        let running = try await Running.start(try Self.two("one", "two"), more: Self.models)
        let refusing = Running.inference(
            try Running.entry("a", "{say: three, refuse: \"1\"}"), try Running.entry("b", "{say: four}"))
        let report = try await running.reload(refusing, more: Self.models)
        #expect(
            report.words == [
                "inference/a: failed (it serves as before)", "inference/b: created again (config changed)",
            ])
        #expect(report.exitCode == 69)
        #expect(report.diagnostics.map(\.message) == ["inference/a did not start: refused to start"])
        #expect(try await running.say("a") == "one")
        #expect(try await running.say("b") == "four")
        // It is not taken for the one in the file.
        #expect(try await running.stack.reload().exitCode == 69)
        await running.end()
    }

    @Test("one that can't be created as before either is down, says so, and comes back with the next file")
    func down() async throws {
        let folder = try Running.newFolder(), key = folder + "/key"
        try Data().write(to: URL(fileURLWithPath: key))
        let needing = Running.inference(try Running.entry("a", "{say: one, needs: \"\(key)\"}"))
        let running = try await Running.start(needing, more: "models: [{model_id: a}]", folder: folder)
        try FileManager.default.removeItem(atPath: key)
        let refusing = Running.inference(try Running.entry("a", "{refuse: \"1\"}"))
        let report = try await running.reload(refusing, more: "models: [{model_id: a}]")
        #expect(report.words == ["inference/a: failed (it could not be created as before either and stays down)"])
        #expect(running.state("inference/a") == .failed)
        let error = await running.error("a")
        #expect(error?.code == .providerUnavailable)
        #expect(error?.retryAfterSeconds == 30)
        let same = try await running.stack.reload()
        #expect(same.words == ["inference/a: failed (it could not be created as before either and stays down)"])
        // The file of before: without its key, and with it.
        let without = try await running.reload(needing, more: "models: [{model_id: a}]")
        #expect(without.words == ["inference/a: failed (it stays down)"])
        try Data().write(to: URL(fileURLWithPath: key))
        let again = try await running.reload(needing, more: "models: [{model_id: a}]")
        #expect(again.words == ["inference/a: created again (it was down)"])
        #expect(try await running.say("a") == "one")
        await running.end()
    }

    @Test("one whose destroy does not return is not created a second time beside itself")
    func staying() async throws {
        let old = Running.inference(try Running.entry("a", "{say: one, stay: \"1\"}"))
        let running = try await Running.start(old, more: "models: [{model_id: a}]", drainSeconds: 0.1)
        let report = try await running.reload(
            Running.inference(try Running.entry("a", "{say: two}")), more: "models: [{model_id: a}]", drainSeconds: 0.1)
        #expect(report.words == ["inference/a: failed"])
        #expect(report.diagnostics.first?.message.contains("restart the server") == true)
        #expect(running.state("inference/a") == .failed)
        await running.end()
    }

    @Test("an optional provider that did not start is tried again")
    func optional() async throws {
        let folder = try Running.newFolder(), key = folder + "/key"
        let config = "{say: two, needs: \"\(key)\"}"
        let both = Running.inference(
            try Running.entry("a", "{say: one}"), try Running.entry("b", config, more: ", optional: true"))
        let running = try await Running.start(both, more: Self.models, folder: folder)
        let before = try await running.reload(both, more: Self.models)
        #expect(
            before.words == [
                "inference/a: kept", "inference/b: not started (inference/b did not start: refused to start)",
            ])
        #expect(before.exitCode == 0)
        try Data().write(to: URL(fileURLWithPath: key))
        let after = try await running.reload(both, more: Self.models)
        #expect(after.words == ["inference/a: kept", "inference/b: started"])
        #expect(running.stack.summary.failed.isEmpty)
        #expect(try await running.say("b") == "two")
        await running.end()
    }

    // MARK: what can't change

    @Test("a setting of the server that changed is a warning each time, and the rest is applied")
    func settings() async throws {
        let running = try await Running.start(try Self.two("one", "two"), more: Self.models)
        for text in ["three", "four"] {
            let report = try await running.reload(try Self.two(text, "two"), more: Self.models, drainSeconds: 9)
            #expect(report.exitCode == 0)
            #expect(report.diagnostics.map(\.code) == ["needs_restart"])
            #expect(try await running.say("a") == text)
        }
        await running.end()
    }

    @Test("a library that changed needs a new process: a warning at its line")
    func inlineLibrary() async throws {
        let folder = try Running.newFolder(), library = folder + "/libprovider-own.so"
        try FileManager.default.copyItem(atPath: try Running.library(build: 1), toPath: library)
        let entry = try Running.entry("a", "{say: one}", library: library)
        let running = try await Running.start(Running.inference(entry), more: "models: [{model_id: a}]", folder: folder)
        try FileManager.default.removeItem(atPath: library)
        try FileManager.default.copyItem(atPath: try Running.library(build: 2), toPath: library)
        let report = try await running.stack.reload()
        #expect(report.words == ["inference/a: kept"])
        #expect(report.diagnostics.map(\.code) == ["library_changed"])
        #expect(report.diagnostics.first?.position?.line == 6)
        #expect(try await running.ask("a")["build"] == 1)
        await running.end()
    }

    // MARK: when

    @Test("one reload at a time, and none during a shutdown")
    func once() async throws {
        let running = try await Running.start(try Self.two("one", "two"), more: Self.models)
        let slow = Running.inference(
            try Running.entry("a", "{slow: \"\(running.gate)\"}"), try Running.entry("b", "{say: two}"))
        async let first = running.reload(slow, more: Self.models)
        try await running.untilState("inference/a", .restarting)
        let second = await #expect(throws: CallError.self) { _ = try await running.stack.reload() }
        #expect(second?.message == "a reload is under way already; try again when it has ended")
        try running.openGate()
        #expect(try await first.exitCode == 0)
        running.stack.refuseReloads()
        let late = await #expect(throws: CallError.self) { _ = try await running.stack.reload() }
        #expect(late?.code == .shuttingDown)
        await running.end()
    }

    @Test("a shutdown during a reload leaves nothing running")
    func shutdown() async throws {
        let running = try await Running.start(try Self.two("one", "two"), more: Self.models, drainSeconds: 60)
        let slow = Running.inference(
            try Running.entry("a", "{slow: \"\(running.gate)\"}"), try Running.entry("b", "{say: three}"))
        let reload = Task { try await running.reload(slow, more: Self.models, drainSeconds: 60) }
        try await running.untilState("inference/a", .restarting)
        let waiting = try running.start("a")
        async let ended: Void = running.end()
        // The shutdown meets a create that is not over yet.
        while running.stack.mayChange { try await Task.sleep(for: .milliseconds(10)) }
        try await Task.sleep(for: .milliseconds(500))
        try running.openGate()
        await ended
        let error = await #expect(throws: CallError.self) { _ = try await reload.value }
        #expect(error?.code == .shuttingDown)
        _ = try? await waiting.collect()
        #expect(running.stack.providers.allSatisfy { $0.channel.state == .stopped })
    }

    @Test("what did not come from a file can't be read again")
    func noSource() async throws {
        let stack = try await Stack.start(try distribution("version: 1\nproviders: {}\n"))
        let error = await #expect(throws: CallError.self) { _ = try await stack.reload() }
        #expect(error?.code == .notImplemented)
        await stack.shutdown()
    }

    // MARK: a process of its own

    private static func process(_ config: String, library: String, more: String = "") throws -> String {
        Running.inference(
            try Running.entry("a", config, more: ", isolation: process" + more, library: library),
            try Running.entry("b", "{say: two}"))
    }

    @Test("a library that changed is opened in a new process")
    func processLibrary() async throws {
        let folder = try Running.newFolder(), library = folder + "/libprovider-own.so"
        try FileManager.default.copyItem(atPath: try Running.library(build: 1), toPath: library)
        let file = try Self.process("{say: one}", library: library)
        let running = try await Running.start(file, more: Self.models, folder: folder)
        #expect(try await running.stack.reload().words == ["inference/a: kept", "inference/b: kept"])
        let first = try await running.ask("a")
        try FileManager.default.removeItem(atPath: library)
        try FileManager.default.copyItem(atPath: try Running.library(build: 2), toPath: library)
        let report = try await running.stack.reload()
        #expect(report.words == ["inference/a: created again (the library's file changed)", "inference/b: kept"])
        #expect(report.diagnostics.isEmpty)
        let second = try await running.ask("a")
        #expect(first["build"] == 1 && second["build"] == 2)
        #expect(first["pid"] != second["pid"])
        await running.end()
    }

    @Test("a provider moves into a process of its own and back")
    func isolation() async throws {
        let library = try Running.library()
        let running = try await Running.start(try Self.two("one", "two"), more: Self.models)
        let out = try await running.reload(try Self.process("{say: one}", library: library), more: Self.models)
        #expect(out.words.first == "inference/a: created again (isolation changed)")
        #expect(try await running.ask("a")["pid"] != .integer(Int64(getpid())))
        let back = try await running.reload(try Self.two("one", "two"), more: Self.models)
        #expect(back.words.first == "inference/a: created again (isolation changed)")
        #expect(try await running.ask("a")["pid"] == .integer(Int64(getpid())))
        await running.end()
    }

    @Test("a process that crashed too often is started anew, and one that waits to start again too")
    func crashed() async throws {
        for (restart, state) in [
            ("{crashes_max: 1}", ChannelStatus.State.failed),
            ("{crashes_max: 0, first_seconds: 60}", ChannelStatus.State.restarting),
        ] {
            let file = try Self.process("{say: one}", library: try Running.library(), more: ", restart: \(restart)")
            let running = try await Running.start(file, more: Self.models)
            guard case .integer(let pid)? = try await running.ask("a")["pid"] else {
                throw CallError(.internal, "no pid")
            }
            kill(pid_t(pid), SIGKILL)
            try await running.untilState("inference/a", state)
            let report = try await running.reload(file, more: Self.models)
            #expect(report.words == ["inference/a: created again (it was down)", "inference/b: kept"])
            #expect(try await running.say("a") == "one")
            await running.end()
        }
    }

    // MARK: announcements

    @Test("what a provider announced goes with it, and stays with one that is created again")
    func announcements() async throws {
        func file(_ library: String, trains: Bool) -> String {
            let entry = "[{provider_id: c, provider_type: inline::every, library: \(library)}]\n"
            return (trains ? "  post_training: \(entry)" : "") + "  inference: \(entry)"
        }
        let library = try EveryAPI.library(), other = try EveryAPI.library("ANOTHER_FILE")
        let running = try await Running.start(file(library, trains: true))
        _ = try await running.stack.ask(.postTraining, "announce", #"{"kind":"model","id":"new","path":"/x"}"#)
        let again = try await running.reload(file(other, trains: true))
        #expect(again.words.allSatisfy { $0.hasSuffix("created again (library changed)") }, "\(again.words)")
        #expect(again.exitCode == 0, "\(again.diagnostics)")
        #expect(running.stack.summary.resources.map(\.id) == ["new"])
        #expect(try await running.stack.call(.inference, "completion", named: "new").count == 1)
        let gone = try await running.reload(file(other, trains: false))
        #expect(gone.words == ["inference/c: kept", "post_training/c: stopped"])
        #expect(running.stack.summary.resources.isEmpty)
        await running.end()
    }

    @Test("reload over the control socket answers with what was done")
    func control() async throws {
        let running = try await Running.start(try Self.two("one", "two"), more: Self.models)
        running.stack.serveControl()
        let state = running.folder + "/state"
        let answer = try await OffPool.run { Result { try ControlClient.ask(stateAt: state, ["method": "reload"]) } }
            .get()
        #expect(
            answer == [
                "file": .string(running.folder + "/dist.yaml"), "applied": true, "exit_code": 0,
                "entries": [
                    ["name": "inference/a", "outcome": "kept"], ["name": "inference/b", "outcome": "kept"],
                ], "diagnostics": [],
            ])
        await running.end()
    }
}
