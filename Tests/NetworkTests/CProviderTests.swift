import FakeOrigin
import Foundation
import LlamaStackAPI
import Synchronization
import Testing

@testable import Host

/// A provider in C that asks other servers through the host, in this process and in one of its own.
@Suite(.timeLimit(.minutes(10)))
struct CProviderTests {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    /// The library, built once for each set of macros.
    private static let built = Mutex<[String: String]>([:])

    static func library(_ macro: String = "PLAIN") throws -> String {
        try built.withLock { built in
            if let path = built[macro] { return path }
            let path = FileManager.default.temporaryDirectory.path + "/libasker-\(getpid())-\(built.count).so"
            try compile(["-D" + macro, root + "/Tests/Fixtures/network-provider/provider.c"], path)
            built[macro] = path
            return path
        }
    }

    private static func compile(_ arguments: [String], _ path: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments =
            ["cc", "-shared", "-fPIC", "-pthread", "-I", root + "/Sources/CProviderABI/include", "-o", path] + arguments
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
    }

    static func stack(
        isolation: String, network: String, config: String = "{}", macro: String = "PLAIN", log: LogSink = .discard
    ) async throws -> Stack {
        let yaml = """
            version: 1
            network: \(network)
            providers:
              memory_banks:
                - {provider_id: asker, provider_type: inline::asker, library: \(try library(macro)), isolation: \(isolation), config: \(config)}
            """
        let manifest = try Manifest.parse(
            Array(yaml.utf8), file: "test.yaml", directory: "/nowhere", environment: [:])
        return try await Stack.start(manifest, environment: [:], log: log)
    }

    static func ask(_ stack: Stack, _ parameters: JSON, body: String = "", deadline: Int64 = 0) throws -> Answer {
        let instance = try #require(stack.currentTable.instance(.memoryBanks, "asker"))
        var request = CallRequest(callID: .random(in: 1...(1 << 60)), method: "list_memory_banks")
        request.body = parameters.bytes + Array("\n\(body)".utf8)
        request.deadlineNanoseconds = deadline
        let stream = PartStream(), channel = instance.channel, callID = request.callID
        channel.invoke(request, into: stream)
        return Answer(stream) { channel.cancel(callID) }
    }

    @Test("it gets the head as a line, and the body as it is", arguments: ["inline", "process"])
    func get(isolation: String) async throws {
        try await Origin.run(Origin.answering(Origin.ok("ab\ncd"))) { origin in
            let stack = try await Self.stack(
                isolation: isolation, network: "{allow: [\"http://127.0.0.1:\(origin.port)\"]}")
            let answer = try Self.ask(stack, ["url": .string("http://127.0.0.1:\(origin.port)/a?b=c")])
            let text = String(decoding: try await answer.collect(), as: UTF8.self)
            #expect(
                text == #"{"status":200,"url":"http://127.0.0.1:\#(origin.port)/a?b=c","#
                    + #""headers":[["Content-Type","text/plain"],["Content-Length","5"]]}"# + "\nab\ncd")
            #expect(origin.requests.first?.hasPrefix("GET /a?b=c HTTP/1.1\r\n") == true)
            await stack.shutdown(withinSeconds: 5)
        }
    }

    @Test("an address that is not allowed is not connected to", arguments: ["inline", "process"])
    func refused(isolation: String) async throws {
        try await Origin.run(Origin.answering(Origin.ok("secret"))) { canary in
            let stack = try await Self.stack(
                isolation: isolation,
                network:
                    "{providers: {asker: {enabled: true, hosts: ['*'], http_hosts: ['*'], ports: [\(canary.port)]}}}")
            for host in ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]"] {
                let error = await #expect(throws: CallError.self) {
                    try await Self.ask(stack, ["url": .string("http://\(host):\(canary.port)/")]).collect()
                }
                #expect(error?.code == .urlNotAllowed)
                #expect(error?.message.contains("network.providers.asker.allow_private") == true)
            }
            #expect(canary.connections == 0)
            await stack.shutdown(withinSeconds: 5)
        }
    }

    @Test("without the word in its needs it has no network", arguments: ["inline", "process"])
    func notNeeded(isolation: String) async throws {
        try await Origin.run(Origin.answering(Origin.ok("secret"))) { canary in
            let stack = try await Self.stack(
                isolation: isolation, network: "{allow: [\"http://127.0.0.1:\(canary.port)\"]}",
                macro: "PROVIDER_NEEDS=\"[]\"")
            let error = await #expect(throws: CallError.self) {
                try await Self.ask(stack, ["url": .string("http://127.0.0.1:\(canary.port)/")]).collect()
            }
            #expect(error?.code == .apiNotServed)
            #expect(canary.connections == 0)
            await stack.shutdown(withinSeconds: 5)
        }
    }

    @Test("the example in C says what its server does, and passes its error on", arguments: ["inline", "process"])
    func example(isolation: String) async throws {
        let origin = try EchoOrigin()
        defer { origin.close() }
        let path = FileManager.default.temporaryDirectory.path + "/libecho-\(UUID().uuidString).so"
        defer { unlink(path) }
        let sources = ["provider.c", "json.c", "requests.c", "fetch.c", "words.c"].map {
            Self.root + "/Plugins/EchoC/" + $0
        }
        try Self.compile(["-fvisibility=hidden"] + sources, path)
        func answer(_ url: String) async throws -> String {
            let yaml = """
                version: 1
                providers:
                  inference:
                    - provider_id: echo
                      provider_type: inline::echo-c
                      library: \(path)
                      isolation: \(isolation)
                      config: {prefix_url: "\(url)"}
                models: [{model_id: m}]
                """
            let manifest = try Manifest.parse(
                Array(yaml.utf8), file: "test.yaml", directory: "/nowhere", environment: [:])
            let stack = try await Stack.start(manifest, environment: [:])
            var request = CallRequest(method: "completion")
            request.body = Array(#"{"model":"m","content":"said"}"#.utf8)
            let endpoint = try #require(Endpoints.find(.inference, "completion"))
            let answer: Result<[UInt8], any Error>
            do {
                answer = .success(try await stack.call(endpoint, resourceName: "m", request: request).collect())
            } catch { answer = .failure(error) }
            await stack.shutdown(withinSeconds: 5)
            return String(decoding: try answer.get(), as: UTF8.self)
        }
        let text = try await answer("http://127.0.0.1:\(origin.port)/hello")
        #expect(text.contains("GET /hello HTTP/1.1") && text.contains("said"))
        let error = await #expect(throws: CallError.self) { try await answer("http://127.0.0.1:1/") }
        #expect(error?.code == .upstreamError && error?.message.contains("Connection refused") == true)
    }
}
