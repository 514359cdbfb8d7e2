import Foundation
import ProviderKit
import Testing

/// From the exported module to destroy.
@Suite(.timeLimit(.minutes(10)))
struct LifecycleTests {
    private func string(_ pointer: UnsafePointer<CChar>?) -> String { pointer.map { String(cString: $0) } ?? "" }

    @Test("the descriptor says what the type says")
    func descriptor() {
        let module = probeModule.value!.pointee
        #expect(module.abi_major == 1)
        #expect(module.provider_count == 1)
        let descriptor = module.providers[0]!.pointee
        #expect(string(descriptor.api) == "inference")
        #expect(string(descriptor.type) == "inline::probe")
        #expect(string(descriptor.version) == "0.1.0")
        #expect(string(descriptor.description) == "For tests.")
        #expect(string(descriptor.needs) == #"["inference","shields"]"#)
        #expect(string(descriptor.resources) == #"["model"]"#)
        #expect(string(descriptor.runtime).hasPrefix("swift 6."))
    }

    @Test("an instance knows whether it is only checked; a setup of 1.0, which ends before that, is for serving")
    func purpose() async {
        func said(_ purpose: UInt32, _ size: UInt32? = nil) async -> [String] {
            let instance = TestInstance(
                probeModule.value, config: #"{"model":"m"}"#, purpose: purpose, setupSize: size)
            await instance.ready.finished()
            _ = await instance.call("register", body: #"{"kind":"model","id":"purpose"}"#)
            await instance.destroy()
            return instance.host.logged.withLock { lines in
                lines.filter { $0.contains(" for ") }.map {
                    String($0.prefix { $0 != "{" }).trimmingCharacters(in: .whitespaces)
                }
            }
        }
        #expect(await said(0) == ["2 for serve"])
        #expect(await said(1) == ["2 for check"])
        #expect(await said(7) == ["2 for serve"])
        #expect(await said(1, 72) == ["2 for serve"])
    }

    @Test("the methods leave out those that the provider does not support, and name what streams and which options")
    func methods() {
        let descriptor = probeModule.value!.pointee.providers[0]!.pointee
        #expect(
            string(descriptor.methods)
                == #"[{"name":"completion","stream":true},"#
                + #"{"name":"chat_completion","stream":true,"options":["seed"]},{"name":"batch_chat_completion"},"#
                + #"{"name":"count_tokens"},{"name":"describe_model"}]"#)
    }

    @Test("the configuration's schema comes from its declaration")
    func schema() {
        let descriptor = probeModule.value!.pointee.providers[0]!.pointee
        #expect(
            string(descriptor.config_schema)
                == #"{"type":"object","properties":{"model":{"type":"string","description":"The model's file."},"#
                + #""threads":{"type":"integer","default":2,"description":"How many threads."},"#
                + #""shards":{"type":"array","items":{"type":"object","properties":{"path":{"type":"string"}},"#
                + #""required":["path"],"additionalProperties":false},"default":[],"description":"More files."}},"#
                + #""required":["model"],"additionalProperties":false}"#)
    }

    @Test("a good configuration makes it ready")
    func good() async {
        let record = await TestInstance(probeModule.value, config: #"{"model": "m"}"#).ready.finished()
        #expect(record.status == 0)
        #expect(record.finishes == 1)
    }

    @Test("every mistake of a configuration is reported, with its JSON Pointer")
    func bad() async {
        let config = #"{"thread": 2, "threads": 0, "shards": [{"path": "a"}, {"path": 3}]}"#
        let record = await TestInstance(probeModule.value, config: config).ready.finished()
        #expect(record.status == 13)
        guard case .array(let problems)? = record.error else {
            Issue.record("not an array: \(String(describing: record.error))")
            return
        }
        #expect(
            Set(problems.compactMap { $0["pointer"]?.stringValue })
                == ["/thread", "/threads", "/shards/1/path", "/model"])
        #expect(problems.allSatisfy { $0["code"] == "invalid_config" })
    }

    @Test("a ConfigurationError of the initialiser names its pointer too")
    func refused() async {
        let record = await TestInstance(probeModule.value, config: #"{"model": "missing"}"#).ready.finished()
        #expect(record.status == 13)
        #expect(
            record.error
                == [["pointer": "/model", "code": "invalid_config", "message": "no file at missing"]])
    }

    @Test("a call before it is ready is 8 provider_unavailable")
    func early() async {
        let probe = TestInstance(probeModule.value, config: #"{"model": "slow"}"#)
        #expect(await probe.call("chat_completion", body: chat("hi")).status == 8)
        await probe.destroy()
    }

    @Test("destroy finishes every call first, then itself, and shuts the provider down between")
    func destroy() async {
        let probe = await TestInstance.ready(probeModule.value, config: #"{"model": "m"}"#)
        let sleeping = (0..<20).map { _ in probe.start("chat_completion", body: chat("sleep")).sink }
        let paused = probe.start("chat_completion", body: chat("many", stream: true), pauseAt: 3).sink
        let done = probe.startDestroy()
        await done.finished()
        #expect((sleeping + [paused]).allSatisfy { $0.record.finishes == 1 })
        #expect(done.record.status == 0)
        #expect(probe.host.logged.withLock { $0 } == ["2 shut down {}"])
    }

    @Test("destroy ends a creation that still works: ready is finished first")
    func destroyDuringCreate() async {
        let probe = TestInstance(probeModule.value, config: #"{"model": "slow"}"#)
        await probe.destroy()
        #expect(probe.ready.record.finishes == 1)
        #expect(probe.ready.record.status == 11)
    }

    @Test("one library makes several instances that do not disturb each other")
    func instances() async {
        let first = await TestInstance.ready(probeModule.value, config: #"{"model": "m"}"#)
        let second = await TestInstance.ready(probeModule.value, config: #"{"model": "m"}"#)
        let (_, sink) = second.start("chat_completion", body: chat("sleep"), id: 1)
        first.cancel(1)
        await first.destroy()
        #expect(sink.record.finishes == 0)
        second.cancel(1)
        #expect(await sink.finished().status == 11)
        await second.destroy()
    }
}
