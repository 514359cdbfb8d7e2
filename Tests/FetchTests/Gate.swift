import Fetch
import Foundation
import Synchronization

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

/// Every name is this machine, which is allowed.
func openGate(
    _ port: Int, bytesMax: Int = 1 << 20, secondsMax: Int = 30, _ change: (inout FetchConfiguration) -> Void = { _ in },
    resolver: any Resolver = ScriptedResolver { _, _ in ["127.0.0.1"] }
) throws -> FetchGate {
    var configuration = FetchConfiguration()
    configuration.isEnabled = true
    (configuration.hosts, configuration.httpHosts, configuration.ports) = (["*"], ["*"], [port])
    configuration.allowPrivate = ["127.0.0.0/8"]
    (configuration.bytesMax, configuration.secondsMax) = (bytesMax, secondsMax)
    change(&configuration)
    guard let gate = FetchGate(configuration, caFile: configuration.caFile, limits: .document, resolver: resolver)
    else { throw NoGate() }
    return gate
}

struct NoGate: Error {}

extension FetchGate {
    /// What was fetched, in memory, and this gate closed.
    func bytes(_ url: String) async throws -> (text: String, content: Content) {
        let bytes = Mutex<[UInt8]>([])
        let result: Result<Content, any Error>
        do { result = .success(try await fetch(url) { piece in bytes.withLock { $0 += piece } }) } catch {
            result = .failure(error)
        }
        await close()
        return (String(decoding: bytes.withLock { $0 }, as: UTF8.self), try result.get())
    }

    /// The error of a fetch; nil when there was none.
    func refusal(_ url: String) async -> FetchError? {
        do {
            _ = try await bytes(url)
            return nil
        } catch { return error as? FetchError }
    }
}
