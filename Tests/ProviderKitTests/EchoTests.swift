import Foundation
import ProviderKit
import Testing

/// The three Echo libraries, Swift, C and Rust, as files: they differ in nothing that a host can see.
@Suite(.timeLimit(.minutes(10)))
struct EchoTests {
    static let libraries = ["echo", "echo-c", "echo-rust"].compactMap(EchoLibrary.init)

    @Test("a whole chat answer says the last message again", arguments: libraries)
    func chatWhole(_ library: EchoLibrary) async {
        let echo = await TestInstance.ready(library.module)
        let record = await echo.call("chat_completion", body: chat(#"one \"two\" \u00e4\ud83d\ude00\n three"#))
        #expect(
            record.body == #"{"content":"one \"two\" ä😀\n three","tool_calls":[],"stop_reason":"finished_ok"}"#
                || record.body
                    == #"{"content":"one \"two\" ä😀\u000a three","tool_calls":[],"stop_reason":"finished_ok"}"#
        )
        #expect(record.status == 0)
        await echo.destroy()
    }

    @Test("a streamed completion is a chunk for each word, the prefix first", arguments: libraries)
    func streamed(_ library: EchoLibrary) async {
        let echo = await TestInstance.ready(library.module, config: #"{"prefix": "You said: "}"#)
        let body = #"{"content": ["one", "two  three"], "model": "m", "stream": true}"#
        let record = await echo.call("completion", body: body)
        #expect(
            record.events == ["You ", "said: ", "one ", "two  ", "three"].map { #"{"text_delta":"\#($0)"}"# }
                + [#"{"text_delta":"","stop_reason":"finished_ok"}"#])
        await echo.destroy()
    }

    @Test("max_tokens counts words", arguments: libraries)
    func cut(_ library: EchoLibrary) async {
        let echo = await TestInstance.ready(library.module)
        let record = await echo.call("completion", body: #"{"content": "a b c", "model": "m", "max_tokens": 2}"#)
        #expect(record.body == #"{"content":"a b ","stop_reason":"max_tokens"}"#)
        await echo.destroy()
    }

    @Test(
        "a request that breaks the schema is 2 and names the field",
        arguments: libraries,
        [
            (chat("x", more: #", "modle": 1"#), "modle"),
            (chat("x", more: #", "sampling_params": {"top_p": 0}"#), "sampling_params.top_p"),
            (chat("x", more: #", "sampling_params": {"strategy": "best"}"#), "sampling_params.strategy"),
            (chat("x", more: #", "max_tokens": -1"#), "max_tokens"),
            (chat("x", more: #", "max_tokens": 1.5"#), "max_tokens"),
            (chat("x", more: #", "logprobs": "yes""#), "logprobs"),
            (
                chat("x", more: #", "available_tools": [{"tool_name": "f"}, {"tool_name": 1}]"#),
                "available_tools[1].tool_name"
            ),
            (#"{"model": "m", "dialog": {"message": {"role": "bot", "content": "x"}}}"#, "dialog.message.role"),
            (#"{"model": "m", "dialog": {"message": {"role": "user"}}}"#, "dialog.message.content"),
            (#"{"model": "m"}"#, "dialog"),
            (#"{"model": null, "dialog": {"message": {"role": "user", "content": "x"}}}"#, "model"),
            (
                #"{"model": "m", "dialog": {"message": {"role": "user", "content": "x"}, "#
                    + #""message_history": [{"role": "user", "content": 3}]}}"#, "dialog.message_history[0].content"
            ),
        ])
    func strict(_ library: EchoLibrary, _ mistake: (body: String, field: String)) async {
        let echo = await TestInstance.ready(library.module)
        let record = await echo.call("chat_completion", body: mistake.body)
        #expect(record.status == 2)
        #expect(record.error?["code"] == "invalid_request")
        #expect(record.error?["field"]?.stringValue == mistake.field)
        #expect(record.error?["message"]?.stringValue?.hasPrefix(mistake.field + " ") == true)
        await echo.destroy()
    }

    @Test(
        "bytes that are not JSON are 1 invalid_json",
        arguments: libraries, ["", "{", "nul", #"{"a":1,}"#, #"{"model": "\ud800"}"#, "{} {}", #"{"model": 01}"#])
    func notJSON(_ library: EchoLibrary, _ body: String) async {
        let echo = await TestInstance.ready(library.module)
        let record = await echo.call("completion", body: body)
        #expect(record.status == 1)
        #expect(record.error?["code"] == "invalid_json")
        await echo.destroy()
    }

    @Test("null counts as absent", arguments: libraries)
    func null(_ library: EchoLibrary) async {
        let echo = await TestInstance.ready(library.module)
        let body = #"{"content": "a", "model": "m", "max_tokens": null, "stream": null, "sampling_params": null}"#
        #expect(await echo.call("completion", body: body).status == 0)
        await echo.destroy()
    }

    @Test("an attachment is refused by name, not dropped", arguments: libraries)
    func attachment(_ library: EchoLibrary) async {
        let echo = await TestInstance.ready(library.module)
        let body = #"{"content": ["a", {"url": "https://x.test/a.png", "mime_type": "image/png"}], "model": "m"}"#
        let record = await echo.call("completion", body: body)
        #expect(record.status == 1)
        #expect(record.error?["code"] == "unsupported_content")
        #expect(record.error?["field"] == "content")
        await echo.destroy()
    }

    @Test("an option is refused by name", arguments: libraries)
    func option(_ library: EchoLibrary) async {
        let echo = await TestInstance.ready(library.module)
        let record = await echo.call("chat_completion", body: chat("x"), options: #"{"seed": 1}"#)
        #expect(record.status == 1)
        #expect(record.error?["code"] == "unsupported_option")
        #expect(record.error?["field"] == "seed")
        await echo.destroy()
    }

    @Test("a model is registered, another kind refused, an unknown method too", arguments: libraries)
    func methods(_ library: EchoLibrary) async {
        let echo = await TestInstance.ready(library.module)
        #expect(await echo.call("register", body: #"{"kind": "model", "id": "m", "path": "/m", "x": [1]}"#).status == 0)
        #expect(await echo.call("register", body: #"{"kind": "shield", "id": "m"}"#).status == 7)
        #expect(await echo.call("dance").status == 7)
        await echo.destroy()
    }

    @Test("a configuration with an unknown key, or a value out of range, is 13 and names it", arguments: libraries)
    func configuration(_ library: EchoLibrary) async {
        for (config, pointer) in [
            (#"{"prefx": "a"}"#, "/prefx"), (#"{"delay_milliseconds": -1}"#, "/delay_milliseconds"),
        ] {
            let echo = await TestInstance.ready(library.module, config: config)
            #expect(echo.ready.record.status == 13)
            guard case .array(let problems)? = echo.ready.record.error else {
                Issue.record("no list of problems")
                continue
            }
            #expect(problems.map { $0["pointer"]?.stringValue } == [pointer])
            await echo.destroy()
        }
    }

    @Test("cancel ends a slow answer at once", arguments: libraries)
    func cancel(_ library: EchoLibrary) async {
        let echo = await TestInstance.ready(library.module, config: #"{"delay_milliseconds": 3600000}"#)
        let (id, sink) = echo.start("chat_completion", body: chat("one two", stream: true))
        echo.cancel(id)
        echo.cancel(id)
        #expect(await sink.finished().status == 11)
        await echo.destroy()
        #expect(sink.record.finishes == 1)
    }

    @Test("nothing is written while the reader is behind", arguments: libraries)
    func pressure(_ library: EchoLibrary) async {
        let echo = await TestInstance.ready(library.module)
        let text = (0..<50).map { "w\($0)" }.joined(separator: " ")
        let (_, sink) = echo.start("chat_completion", body: chat(text, stream: true), pauseAt: 5)
        await sink.wait { $0.isPaused }
        #expect(sink.record.events.count == 5)
        sink.resume()
        let record = await sink.finished()
        #expect(record.events.count == 51)
        #expect(record.writesWhilePaused == 0)
        await echo.destroy()
    }

    @Test("64 calls at once each get their own answer", arguments: libraries)
    func many(_ library: EchoLibrary) async {
        let echo = await TestInstance.ready(library.module, config: #"{"delay_milliseconds": 1}"#)
        let calls = (0..<64).map { echo.start("completion", body: #"{"content": "n\#($0)", "model": "m"}"#) }
        for (index, call) in calls.enumerated() {
            #expect(await call.sink.finished().body == #"{"content":"n\#(index)","stop_reason":"finished_ok"}"#)
        }
        await echo.destroy()
    }

    @Test("destroy during calls finishes each of them once, then itself", arguments: libraries)
    func destroy(_ library: EchoLibrary) async {
        let echo = await TestInstance.ready(library.module, config: #"{"delay_milliseconds": 3600000}"#)
        let calls = (0..<20).map { _ in echo.start("chat_completion", body: chat("x", stream: true)).sink }
        await echo.destroy()
        #expect(calls.allSatisfy { $0.record.finishes == 1 && $0.record.writesAfterFinish == 0 })
    }
}

/// A built library of the folder that this test runs from. nil, with a line that says so, where it was not built:
/// Rust's needs cargo, see Scripts/build-rust-provider.sh.
struct EchoLibrary: @unchecked Sendable, CustomTestStringConvertible {
    let testDescription: String
    let module: UnsafePointer<lsp_module>

    init?(_ name: String) {
        testDescription = name
        let folder = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        let path = URL(fileURLWithPath: folder).deletingLastPathComponent()
            .appendingPathComponent("libprovider-inference-\(name).so").path
        guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL), let symbol = dlsym(handle, LSP_ENTRY_SYMBOL),
            let module = unsafeBitCast(symbol, to: lsp_entry.self)(UInt32(LSP_ABI_MINOR))
        else {
            print("skipped: \(path) is not there or not a provider")
            return nil
        }
        self.module = module
    }
}
