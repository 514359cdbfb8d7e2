import CProviderABI
import Foundation
import LlamaStackAPI
import Testing

@testable import Host

/// The whole stack on a real library in C.
struct StackTests {
    private func start(
        _ config: String = "{}", models: String = "[{model_id: tiny, aliases: [small]}]", log: LogRecord = LogRecord(),
        macros: String..., more: String = ""
    ) async throws -> Stack {
        let library = try ProbeLibrary.build(
            macros, source: ProbeLibrary.root + "/Tests/Fixtures/broken-providers/provider.c")
        let manifest = try distribution(
            """
            version: 1
            name: test
            providers:
              inference:
                - {provider_id: probe, provider_type: inline::probe, library: \(library), config: \(config)}
            models: \(models)
            \(more)
            """)
        return try await Stack.start(manifest, log: log.sink)
    }

    private func chat(_ stack: Stack, _ body: String, model: String = "tiny") throws -> Answer {
        let endpoint = try #require(Endpoints.find(.inference, "chat_completion"))
        var request = CallRequest(method: "chat_completion")
        request.body = Array(body.utf8)
        return try stack.call(endpoint, resourceName: model, request: request)
    }

    @Test("a whole answer comes back in one piece")
    func whole() async throws {
        let stack = try await start()
        let answer = try await chat(stack, #"{"model":"tiny"}"#).collect()
        #expect(String(decoding: answer, as: UTF8.self) == #"{"completion_message":"word"}"#)
        await stack.shutdown(withinSeconds: 5)
    }

    @Test("a stream brings every event, in order, however slow the reader")
    func stream() async throws {
        let stack = try await start("{events: 20000}")
        var events = 0
        for try await part in try chat(stack, #"{"model":"tiny","stream":true}"#) {
            #expect(part == .event(Array(#"{"event":{"delta":"word "}}"#.utf8)))
            events += 1
            if events == 1 { try await Task.sleep(for: .milliseconds(20)) }
        }
        #expect(events == 20000)
        await stack.shutdown(withinSeconds: 5)
    }

    @Test("an alias leads to its model")
    func alias() async throws {
        let stack = try await start()
        let destination = try stack.destination("chat_completion", model: "small")
        #expect(destination.resource == "tiny")
        await stack.shutdown(withinSeconds: 5)
    }

    @Test("an unknown model is 404, lists the known ones and suggests the close one")
    func unknownModel() async throws {
        let stack = try await start()
        let error = #expect(throws: CallError.self) { _ = try self.chat(stack, "{}", model: "tinny") }
        #expect(
            error
                == CallError(
                    .modelNotFound, "there is no model 'tinny' (did you mean 'tiny'?); there are tiny, small",
                    field: "model"))
        await stack.shutdown(withinSeconds: 5)
    }

    @Test("an API that nothing serves is 404 and named")
    func apiNotServed() async throws {
        let stack = try await start()
        let endpoint = try #require(Endpoints.all.first { $0.api == .memoryBanks })
        let error = #expect(throws: CallError.self) {
            _ = try stack.call(endpoint, request: CallRequest(method: endpoint.method))
        }
        #expect(
            error
                == CallError(
                    .apiNotServed, "this distribution has no provider for 'memory_banks'; it serves inference"))
        await stack.shutdown(withinSeconds: 5)
    }

    @Test("a method that the provider does not have is 501")
    func unknownMethod() async throws {
        let stack = try await start()
        let endpoint = try #require(Endpoints.find(.inference, "batch_completion"))
        let error = #expect(throws: CallError.self) {
            _ = try stack.call(endpoint, resourceName: "tiny", request: CallRequest(method: endpoint.method))
        }
        #expect(error?.code == .notImplemented)
        await stack.shutdown(withinSeconds: 5)
    }

    @Test("what a provider says of its own failure goes to the log and not to the client")
    func internalError() async throws {
        let log = LogRecord()
        let stack = try await start(log: log)
        let answer = try chat(stack, #"{"model":"fail inside"}"#)
        do {
            _ = try await answer.collect()
            Issue.record("it must fail")
        } catch {
            #expect(error.code == .internal)
            #expect(!error.message.contains("disk on fire"))
        }
        #expect(log.contains("disk on fire"))
        await stack.shutdown(withinSeconds: 5)
    }

    @Test("a reader that leaves cancels the call")
    func readerLeaves() async throws {
        let stack = try await start()
        let answer = try chat(stack, #"{"model":"take long"}"#)
        answer.cancel()
        await #expect(throws: CallError.self) { _ = try await answer.collect() }
        // It ends only when the provider heard of the cancel.
        await stack.shutdown(withinSeconds: 5)
    }

    @Test("a call that does not end by its deadline fails with 504")
    func deadline() async throws {
        let stack = try await start()
        let endpoint = try #require(Endpoints.find(.inference, "chat_completion"))
        var request = CallRequest(method: "chat_completion")
        request.body = Array(#"{"model":"take long"}"#.utf8)
        request.deadlineNanoseconds = Int64(DispatchTime.now().uptimeNanoseconds + 20_000_000)
        let answer = try stack.call(endpoint, resourceName: "tiny", request: request)
        do {
            _ = try await answer.collect()
            Issue.record("it must fail")
        } catch {
            #expect(error.code == .providerTimeout)
        }
        await stack.shutdown(withinSeconds: 5)
    }

    @Test("a stack that is shut down refuses calls with 503")
    func afterShutdown() async throws {
        let stack = try await start()
        await stack.shutdown(withinSeconds: 5)
        let error = #expect(throws: CallError.self) { _ = try self.chat(stack, "{}") }
        #expect(error?.code == .shuttingDown)
    }

    @Test("the summary holds what the start line needs")
    func summary() async throws {
        let stack = try await start()
        let summary = stack.summary
        #expect(summary.apis == [.inference])
        #expect(summary.providers.map(\.providerID) == ["probe"])
        #expect(summary.providers.first?.methods == ["chat_completion", "completion"])
        #expect(summary.resources(.model).map(\.id) == ["tiny"])
        #expect(summary.resources(.model).first?.aliases == ["small"])
        await stack.shutdown(withinSeconds: 5)
    }

    @Test("an option is supported by the method that lists it")
    func options() async throws {
        let stack = try await start()
        let chat = try #require(Endpoints.find(.inference, "chat_completion"))
        let completion = try #require(Endpoints.find(.inference, "completion"))
        #expect(stack.supports("seed", chat, resourceName: "tiny") == true)
        #expect(stack.supports("seed", completion, resourceName: "tiny") == false)
        await stack.shutdown(withinSeconds: 5)
    }
}

extension Stack {
    func destination(_ method: String, model: String) throws -> RoutingTable.Destination {
        let endpoint = try #require(Endpoints.find(.inference, method))
        return try currentTable.destination(of: endpoint, name: model)
    }
}
