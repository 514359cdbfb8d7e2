import ContractBridge
import Foundation
import LlamaStackAPI
import Synchronization

@testable import Networking

/// Names as a test says, and how often each was asked for.
final class ScriptedResolver: Resolver {
    private let answers: @Sendable (_ name: String, _ time: Int) -> [String]
    private let asked = Mutex<[String: Int]>([:])

    /// - Parameter answers: to the first question for a name (time 0), to the second, and so on.
    init(_ answers: @escaping @Sendable (_ name: String, _ time: Int) -> [String]) { self.answers = answers }

    func addresses(of name: String) async throws -> [IPAddress] {
        let time = asked.withLock { asked in
            defer { asked[name, default: 0] += 1 }
            return asked[name, default: 0]
        }
        return answers(name, time).compactMap { IPAddress($0) }
    }

    func count(of name: String) -> Int { asked.withLock { $0[name] ?? 0 } }
}

/// A network of one provider, "memory_banks/test".
struct TestNetwork: Sendable {
    let service: NetworkService
    let access: NetworkAccess

    init(
        _ settings: NetworkSettings, endpoints: [String] = [], log: LogSink = .discard,
        resolver: any Resolver = ScriptedResolver { _, _ in ["127.0.0.1"] }
    ) {
        service = NetworkService(settings, log: log, resolver: resolver)
        access = service.access(for: "memory_banks/test", endpoints: endpoints.compactMap { NetworkOrigin(of: $0) })
    }

    /// An answer, whole.
    struct Content: Sendable {
        var head: NetworkHead
        var text: String
        func values(of name: String) -> [String] {
            head.headers.filter { $0[0].lowercased() == name.lowercased() }.map { $0[1] }
        }
    }

    func send(_ parameters: NetworkParameters, body: [UInt8] = []) async throws -> Content {
        let answer = try await service.request(parameters, body: body, access)
        var bytes: [UInt8] = []
        while let piece = try await answer.next() { bytes += piece }
        return Content(head: answer.head, text: String(decoding: bytes, as: UTF8.self))
    }

    /// What a GET answers, and the network closed.
    func get(_ url: String) async throws -> Content {
        let result: Result<Content, any Error>
        do { result = .success(try await send(NetworkParameters(method: "GET", url: url))) } catch {
            result = .failure(error)
        }
        await service.close()
        return try result.get()
    }

    /// The error of a GET; nil when there was none.
    func refusal(_ url: String) async -> CallError? {
        do {
            _ = try await get(url)
            return nil
        } catch { return error as? CallError }
    }
}

/// Every name is this machine, which is allowed.
func openNetwork(
    _ port: Int, bytesMax: Int = 1 << 20, secondsMax: Int = 30, log: LogSink = .discard,
    _ change: (inout NetworkSettings.Provider) -> Void = { _ in },
    resolver: any Resolver = ScriptedResolver { _, _ in ["127.0.0.1"] }
) -> TestNetwork {
    var rules = NetworkSettings.Provider()
    rules.isEnabled = true
    (rules.hosts, rules.httpHosts, rules.ports) = (["*"], ["*"], [port])
    rules.allowPrivate = ["127.0.0.0/8"]
    (rules.bytesMax, rules.secondsMax) = (bytesMax, secondsMax)
    change(&rules)
    var settings = NetworkSettings()
    settings.providers["memory_banks/test"] = rules
    return TestNetwork(settings, log: log, resolver: resolver)
}
