import Foundation
import LlamaStackAPI
import ProviderConformance
import Testing

@testable import Host

/// The example of a provider in C that calls another: Tests/Fixtures/providers/AskingC.
struct AskingProviderTests {
    static let echo = ProbeLibrary.root + "/Plugins/EchoC"
    static let source = ProbeLibrary.root + "/Tests/Fixtures/providers/AskingC/provider.c"

    static func asking() throws -> String {
        try ProbeLibrary.build(
            [], source: source,
            more: ["-Wall", "-Wextra", "-Werror", "-fvisibility=hidden", "-I", echo, echo + "/json.c"])
    }

    static func answering() throws -> String {
        try ProbeLibrary.build(
            [], source: Self.echo + "/provider.c",
            more: [
                "-fvisibility=hidden", "-w", Self.echo + "/json.c", Self.echo + "/requests.c", Self.echo + "/fetch.c",
                Self.echo + "/words.c",
            ])
    }

    private func start(delayMilliseconds: Int = 0, log: LogRecord = LogRecord()) async throws -> Stack {
        let answering = try Self.answering()
        let manifest = try distribution(
            """
            version: 1
            providers:
              synthetic_data_generation:
                - {provider_id: asking, provider_type: inline::asking-c, library: \(try Self.asking()), config: {model: parrot}}
              inference:
                - provider_id: echo
                  provider_type: inline::echo-c
                  library: \(answering)
                  config: {delay_milliseconds: \(delayMilliseconds)}
            models: [{model_id: polly, aliases: [parrot]}]
            """)
        return try await Stack.start(manifest, environment: [:], log: log.sink)
    }

    private func generate(_ stack: Stack, _ body: String) throws -> Answer {
        let endpoint = try #require(Endpoints.find(.syntheticDataGeneration, "generate"))
        var request = CallRequest(method: "generate")
        request.body = Array(body.utf8)
        return try stack.call(endpoint, resourceName: nil, request: request)
    }

    private static func message(_ role: String, _ text: String) -> String {
        #"{"role":"\#(role)","content":"\#(text)","tool_calls":[],"tool_responses":[]}"#
    }

    @Test func `each prompt is answered by the other provider`() async throws {
        let stack = try await start()
        let body = #"{"prompts":[\#(Self.message("user", "a ] \\\" b")), {"role":"user","content":"c"}]}"#
        let answer = try await generate(stack, body).collect()
        let items = [("a ] \\\" b", "a ] \\\" b"), ("c", "c")].map { prompt, answer in
            #"{"prompt":\#(Self.message("user", prompt)),"k_scored_generations":[{"message":"#
                + #"\#(Self.message("assistant", answer)),"score":0}]}"#
        }
        #expect(String(decoding: answer, as: UTF8.self) == #"{"synthetic_data":[\#(items.joined(separator: ","))]}"#)
        await stack.shutdown(withinSeconds: 5)
    }

    @Test func `an error of the other provider is the answer`() async throws {
        let stack = try await start()
        let body = #"{"prompts":[{"role":"user","content":{"url":"data:,x","mime_type":"image/png"}}]}"#
        let error = await #expect(throws: CallError.self) { try await self.generate(stack, body).collect() }
        #expect(error?.code == .unsupportedContent)
        #expect(error?.field == "dialog.message.content")
        await stack.shutdown(withinSeconds: 5)
    }

    @Test func `a cancel reaches the other provider, and both calls end`() async throws {
        // Without the cancel the answer would take days, and the stop would leave unfinished calls behind.
        let log = LogRecord()
        let stack = try await start(delayMilliseconds: 100_000_000, log: log)
        let answer = try generate(stack, #"{"prompts":[{"role":"user","content":"a b c"}]}"#)
        try await Task.sleep(for: .milliseconds(20))
        answer.cancel()
        await #expect(throws: CallError.self) { try await answer.collect() }
        await stack.shutdown(withinSeconds: 60)
        #expect(log.lines.map(\.message) == [])
    }

    @Test func `a stop ends what is being asked`() async throws {
        let log = LogRecord()
        let stack = try await start(delayMilliseconds: 100_000_000, log: log)
        let answers = try (0..<8).map { _ in try generate(stack, #"{"prompts":[{"role":"user","content":"a b c"}]}"#) }
        await stack.shutdown(withinSeconds: 60)
        #expect(log.lines.map(\.message) == [])
        for answer in answers { await #expect(throws: CallError.self) { try await answer.collect() } }
    }

    @Test func `it keeps the contract`() async throws {
        var suite = ConformanceSuite(library: try Self.asking(), resources: [], secondsMax: 20)
        suite.config = ["model": "m"]
        suite.executable = ConformanceKit.products + "/llama-stack"
        let report = await Turns.atMostThree.take { [suite] in await suite.run() }
        #expect(report.failed.map(\.description) == [])
    }

    @Test func `the page about providers quotes it as it is`() throws {
        let code = try String(contentsOfFile: Self.source, encoding: .utf8)
        let begin = try #require(code.range(of: "// [quoted]\n")).upperBound
        let end = try #require(code.range(of: "// [end of quoted]")).lowerBound
        let page = try String(
            contentsOfFile: ProbeLibrary.root + "/Documentation/WritingAProvider.md", encoding: .utf8)
        #expect(page.contains("```c\n\(code[begin..<end])```"), "copy what is between the marks into the page")
    }
}
