import Foundation
import ProviderKit
import Testing

/// Calls into a provider over the bare contract.
@Suite(.timeLimit(.minutes(10)))
struct CallTests {
    @Test("a whole answer is one body and one finish")
    func whole() async {
        let probe = await TestInstance.ready(probeModule.value, config: #"{"model": "m"}"#)
        let record = await probe.call("chat_completion", body: chat("hi"))
        #expect(record.body == #"{"content":"hi","tool_calls":[]}"#)
        #expect(record.events == [])
        #expect(record.status == 0)
        #expect(record.finishes == 1)
    }

    @Test("a streamed answer is an event for each send")
    func streamed() async {
        let probe = await TestInstance.ready(probeModule.value, config: #"{"model": "m"}"#)
        let record = await probe.call("chat_completion", body: chat("hi", stream: true))
        #expect(record.events == [#"{"text_delta":"hi"}"#])
        #expect(record.body == "")
        #expect(record.status == 0)
    }

    @Test("a batch answers a line for each dialog, in order")
    func batch() async {
        let probe = await TestInstance.ready(probeModule.value, config: #"{"model": "m"}"#)
        let dialogs = (0..<40).map { #"{"message": {"role": "user", "content": "\#($0)"}}"# }.joined(separator: ",")
        let record = await probe.call(
            "batch_chat_completion", body: #"{"model": "m", "batch_dialogs": [\#(dialogs)]}"#)
        #expect(record.body == (0..<40).map { #"{"content":"\#($0)","tool_calls":[]}"# + "\n" }.joined())
    }

    @Test("an unknown method is 7 not_implemented")
    func unknownMethod() async {
        let probe = await TestInstance.ready(probeModule.value, config: #"{"model": "m"}"#)
        let record = await probe.call("dance", body: "{}")
        #expect(record.status == 7)
        #expect(record.error == ["code": "not_implemented", "message": "inline::probe has no method 'dance'"])
    }

    @Test("a method that the provider does not support is not answered either")
    func lackedMethod() async {
        let probe = await TestInstance.ready(probeModule.value, config: #"{"model": "m"}"#)
        #expect(await probe.call("batch_completion", body: "{}").status == 7)
    }

    @Test("an unknown field is 2 invalid_request and names its path")
    func unknownField() async {
        let probe = await TestInstance.ready(probeModule.value, config: #"{"model": "m"}"#)
        let record = await probe.call(
            "chat_completion", body: chat("hi", more: #", "sampling_params": {"top_q": 1}"#))
        #expect(record.status == 2)
        #expect(record.error?["code"] == "invalid_request")
        #expect(record.error?["field"] == "sampling_params.top_q")
    }

    @Test("a body that is not JSON is 1 invalid_json")
    func notJSON() async {
        let probe = await TestInstance.ready(probeModule.value, config: #"{"model": "m"}"#)
        let record = await probe.call("chat_completion", body: "{\"model\":")
        #expect(record.status == 1)
        #expect(record.error?["code"] == "invalid_json")
    }

    @Test("an option that the method does not support is refused by name")
    func unsupportedOption() async {
        let probe = await TestInstance.ready(probeModule.value, config: #"{"model": "m"}"#)
        let record = await probe.call("chat_completion", body: chat("hi"), options: #"{"stop": ["x"]}"#)
        #expect(record.status == 1)
        #expect(record.error?["code"] == "unsupported_option")
        #expect(record.error?["field"] == "stop")
    }

    @Test("an option that the method supports reaches it")
    func supportedOption() async {
        let probe = await TestInstance.ready(probeModule.value, config: #"{"model": "m"}"#)
        let record = await probe.call("chat_completion", body: chat("seed", stream: true), options: #"{"seed": 42}"#)
        #expect(record.events == [#"{"text_delta":"42"}"#])
    }

    @Test("the method knows who asks, under which id, for which resource")
    func origin() async {
        let probe = await TestInstance.ready(probeModule.value, config: #"{"model": "m"}"#)
        let record = await probe.call(
            "chat_completion", body: chat("who", stream: true), resource: "smollm", requestID: "r-1")
        #expect(record.events == [#"{"text_delta":"r-1 someone smollm"}"#])
    }

    @Test("a ProviderError keeps its status, code and retry time")
    func providerError() async {
        let probe = await TestInstance.ready(probeModule.value, config: #"{"model": "m"}"#)
        let record = await probe.call("chat_completion", body: chat("busy"))
        #expect(record.status == 6)
        #expect(record.error == ["code": "queue_full", "message": "too many", "retry_after_seconds": 7])
    }

    @Test("any other error is 12 internal")
    func strangeError() async {
        let probe = await TestInstance.ready(probeModule.value, config: #"{"model": "m"}"#)
        let record = await probe.call("chat_completion", body: chat("strange"))
        #expect(record.status == 12)
        #expect(record.error?["message"]?.stringValue?.contains("Strange") == true)
    }

    @Test("log and metric reach the host, the log with the request id")
    func logAndMetric() async {
        let probe = await TestInstance.ready(probeModule.value, config: #"{"model": "m"}"#)
        _ = await probe.call("chat_completion", body: chat("log"), requestID: "r-2")
        #expect(probe.host.logged.withLock { $0 } == [#"3 hello {"a":"b","request_id":"r-2"}"#])
        #expect(probe.host.metrics.withLock { $0 } == [#"1 probes_total 1.0 {"kind":"log"}"#])
    }

    @Test("a resource is registered, and a kind that is not supported is 7")
    func register() async {
        let probe = await TestInstance.ready(probeModule.value, config: #"{"model": "m"}"#)
        let taken = await probe.call("register", body: #"{"kind": "model", "id": "a", "path": "/a.gguf"}"#)
        #expect(taken.status == 0)
        #expect(probe.host.logged.withLock { $0 } == [#"2 registered a {"path":"/a.gguf"}"#])
        let refused = await probe.call("register", body: #"{"kind": "shield", "id": "b"}"#)
        #expect(refused.status == 7)
        #expect(refused.error?["field"] == "kind")
    }

    @Test("all that is wrong with a resource's configuration is a list, like a provider's own")
    func resourceConfiguration() async {
        let probe = await TestInstance.ready(probeModule.value, config: #"{"model": "m"}"#)
        let refused = await probe.call(
            "register", body: #"{"kind":"model","id":"a","config":{"threads":0,"shards":[{}]}}"#)
        #expect(refused.status == 13)
        guard case .array(let problems)? = refused.error else {
            Issue.record("\(refused)")
            return
        }
        #expect(
            problems.compactMap { $0["pointer"]?.stringValue }.sorted() == ["/model", "/shards/0/path", "/threads"])
        let taken = await probe.call("register", body: #"{"kind":"model","id":"a","config":{"model":"m"}}"#)
        #expect(taken.status == 0)
    }

    @Test("a resource that another provider serves is told with that provider's name and its aliases")
    func told() async {
        let probe = await TestInstance.ready(probeModule.value, config: #"{"model": "m"}"#)
        let body = #"{"kind":"shield","id":"s","provider":"safety/x","aliases":["t"]}"#
        #expect(await probe.call("register", body: body).status == 0)
        #expect(probe.host.logged.withLock { $0 } == [#"2 safety/x serves ["t", "s"] {}"#])
    }

    @Test("64 calls at once each get their own answer")
    func many() async {
        let probe = await TestInstance.ready(probeModule.value, config: #"{"model": "m"}"#)
        let calls = (0..<64).map { probe.start("chat_completion", body: chat("n\($0)", stream: true)) }
        for (index, call) in calls.enumerated() {
            let record = await call.sink.finished()
            #expect(record.events == [#"{"text_delta":"n\#(index)"}"#])
            #expect(record.finishes == 1)
        }
    }
}

/// What an author's own tests do.
@Suite struct WithoutHostTests {
    @Test("a provider can be tested as a value, without a host")
    func value() async throws {
        let probe = try await Probe(
            configuration: Probe.Settings(model: "m", threads: 1, shards: []), context: ProviderContext(providerID: "t")
        )
        let request = ChatCompletionRequest(
            model: InstructModel(rawValue: "m"), dialog: Dialog(message: Message(role: .user, content: "hi")))
        #expect(try await probe.chatCompletion(request, Call()).content == .text("hi"))
    }

    @Test("without a host, a call to another provider is an error that says so")
    func noHost() async throws {
        await #expect(throws: ProviderError(.providerUnavailable, "there is no host to reach 'memory_banks' through")) {
            try await Call().memoryBanks().list()
        }
    }

    @Test("relative paths of a configuration start from the distribution's folder")
    func paths() {
        let context = ProviderContext(providerID: "t", basePath: "/dist")
        #expect(context.path("models/a.gguf") == "/dist/models/a.gguf")
        #expect(context.path("/a.gguf") == "/a.gguf")
        #expect(context.statePath == nil)
    }
}
