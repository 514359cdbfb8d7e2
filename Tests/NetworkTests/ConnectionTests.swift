import ContractBridge
import FakeOrigin
import Foundation
import LlamaStackAPI
import Synchronization
import Testing

@testable import Host
@testable import Networking

/// Connections: kept, closed, and none left.
@Suite(.timeLimit(.minutes(10)), .serialized)
struct ConnectionTests {
    private func parameters(
        _ origin: EchoOrigin, _ path: String = "/", host: String = "a.test", seconds: Double? = nil
    ) -> NetworkParameters {
        NetworkParameters(method: "GET", url: "http://\(host):\(origin.port)\(path)", secondsMax: seconds)
    }

    private func withEcho<R>(_ body: (EchoOrigin, TestNetwork) async throws -> R) async throws -> R {
        let origin = try EchoOrigin()
        defer { origin.close() }
        let network = openNetwork(origin.port, bytesMax: 0, secondsMax: 0)
        let result = try await body(origin, network)
        await network.service.close()
        return result
    }

    @Test("one connection serves many requests, and none is left when the network is closed")
    func kept() async throws {
        try await withEcho { origin, network in
            for _ in 0..<20 { _ = try await network.send(parameters(origin)) }
            #expect(origin.connections.made == 1)
            await network.service.close()
            try await eventually { origin.connections.open == 0 }
        }
    }

    @Test("a kept connection serves no request whose host has another address by now")
    func keptForAnAddress() async throws {
        let origin = try EchoOrigin()
        defer { origin.close() }
        var settings = NetworkSettings()
        var rules = NetworkSettings.Provider()
        (rules.isEnabled, rules.hosts, rules.httpHosts, rules.ports) = (true, ["*"], ["*"], [origin.port])
        rules.allowPrivate = ["127.0.0.0/8"]
        settings.providers["memory_banks/test"] = rules
        rules.allowPrivate = []
        settings.providers["memory_banks/other"] = rules
        let network = TestNetwork(
            settings, resolver: ScriptedResolver { _, time in [time == 0 ? "127.0.0.1" : "127.0.0.9"] })
        _ = try await network.send(parameters(origin))
        // Nothing listens there.
        let moved = await #expect(throws: CallError.self) { try await network.send(parameters(origin)) }
        #expect(moved?.code == .upstreamError)
        let other = network.service.access(for: "memory_banks/other")
        let refused = await #expect(throws: CallError.self) {
            _ = try await network.service.request(parameters(origin), other)
        }
        #expect(refused?.code == .urlNotAllowed)
        #expect(origin.requests.count == 1)
        await network.service.close()
    }

    @Test("a cancel closes the connection, in the head and in the body")
    func cancelled() async throws {
        try await withEcho { origin, network in
            for path in ["/hang", "/silent"] {
                let count = origin.requests.count
                let task = Task { try await network.send(parameters(origin, path)) }
                try await eventually { origin.requests.count == count + 1 }
                task.cancel()
                let error = await #expect(throws: CallError.self) { try await task.value }
                #expect(error?.code == .cancelled)
                try await eventually { origin.connections.open == 0 }
            }
        }
    }

    @Test("an answer that is not read any more closes its connection")
    func released() async throws {
        try await withEcho { origin, network in
            var answer: NetworkAnswer? = try await network.service.request(
                parameters(origin, "/silent"), network.access)
            #expect(answer?.head.status == 200)
            answer = nil
            try await eventually { origin.connections.open == 0 }
        }
    }

    @Test("the deadline of the call, and the seconds of the request, close the connection")
    func deadline() async throws {
        try await withEcho { origin, network in
            let slow = await #expect(throws: CallError.self) {
                try await network.send(parameters(origin, "/silent", seconds: 0.2))
            }
            #expect(slow?.message == "can't be fetched: it took longer than 0.2 s (seconds_max)")
            var call = CallRequest(method: NetworkCall.request)
            call.parameters = parameters(origin, "/hang").json.bytes
            var now = timespec()
            clock_gettime(CLOCK_MONOTONIC, &now)
            call.deadlineNanoseconds = Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec) + 200_000_000
            let stream = PartStream()
            let cancel = try network.service.start(call, network.access, into: stream)
            let late = await #expect(throws: CallError.self) { try await Answer(stream, stop: cancel).collect() }
            #expect(late?.code == .providerTimeout)
            try await eventually { origin.connections.open == 0 }
        }
    }

    @Test("closing the network ends what is under way, and refuses what comes later")
    func closed() async throws {
        try await withEcho { origin, network in
            let task = Task { try await network.send(parameters(origin, "/hang")) }
            try await eventually { origin.requests.count == 1 }
            await network.service.close()
            await #expect(throws: CallError.self) { try await task.value }
            let late = await #expect(throws: CallError.self) { try await network.send(parameters(origin)) }
            #expect(late?.code == .shuttingDown)
            try await eventually { origin.connections.open == 0 }
        }
    }

    @Test("a thousand requests, of which most go wrong, leave no descriptor and no connection")
    func thousand() async throws {
        let before = openDescriptors()
        try await withEcho { origin, network in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<1_000 {
                    if index >= 32 { try await group.next() }
                    group.addTask {
                        let path = ["/", "/hang", "/silent", "/303?to=/", "/303?to=http://10.0.0.1/"][index % 5]
                        let hangs = path == "/hang" || path == "/silent"
                        let parameters = parameters(origin, path, seconds: hangs ? 0.05 : nil)
                        _ = try? await network.send(parameters)
                    }
                }
                try await group.waitForAll()
            }
            await network.service.close()
            try await eventually { origin.connections.open == 0 }
            // Those that hang may be ended before they are sent.
            #expect(origin.requests.count { !$0.contains(" /hang") && !$0.contains(" /silent") } == 800)
        }
        // Other tests run beside this one.
        try await eventually { openDescriptors() <= before + 64 }
    }

    @Test(
        "a thousand requests of a provider in C leave nothing, in this process and in one of its own",
        arguments: ["inline", "process"])
    func fromC(isolation: String) async throws {
        let origin = try EchoOrigin()
        defer { origin.close() }
        let stack = try await CProviderTests.stack(
            isolation: isolation, network: "{allow: [\"http://127.0.0.1:\(origin.port)\"]}")
        let url = "http://127.0.0.1:\(origin.port)"
        for index in 0..<1_000 {
            let hangs = index % 10 == 0
            let answer = try CProviderTests.ask(
                stack,
                [
                    "method": "POST", "url": .string(url + (hangs ? "/silent" : "/a")),
                    "seconds_max": .number(hangs ? 0.02 : 600),
                ], body: "body \(index)")
            if hangs {
                await #expect(throws: CallError.self) { try await answer.collect() }
            } else {
                #expect(String(decoding: try await answer.collect(), as: UTF8.self).hasSuffix("body \(index)"))
            }
        }
        await stack.shutdown(withinSeconds: 10)
        try await eventually { origin.connections.open == 0 }
        #expect(origin.requests.count { $0.contains(" /a ") } == 900)
    }

    @Test(
        "the canary of an address that is not allowed sees nothing, whatever way the provider runs",
        arguments: ["inline", "process"])
    func canary(isolation: String) async throws {
        let canary = try EchoOrigin()
        defer { canary.close() }
        let open = try EchoOrigin()
        defer { open.close() }
        let stack = try await CProviderTests.stack(
            isolation: isolation, network: "{allow: [\"http://127.0.0.1:\(open.port)\"]}",
            config: "{endpoint: \"http://127.0.0.2:\(open.port)/v1\"}")
        for url in [
            "http://127.0.0.1:\(canary.port)/", "http://localhost:\(open.port)/", "http://2130706433:\(canary.port)/",
            "http://127.0.0.1:\(open.port)/303?to=http://127.0.0.1:\(canary.port)/", "file:///etc/passwd",
            "http://127.0.0.3:\(canary.port)/", "https://127.0.0.1:\(open.port)/",
        ] {
            let error = await #expect(throws: CallError.self) {
                try await CProviderTests.ask(stack, ["url": .string(url)]).collect()
            }
            #expect(error?.code == .urlNotAllowed, "\(url)")
        }
        #expect(canary.connections.made == 0)
        await stack.shutdown(withinSeconds: 10)
    }
}
