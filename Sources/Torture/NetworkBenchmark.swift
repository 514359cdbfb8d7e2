import ContractBridge
import Dispatch
import Networking

/// How long requests through the host's network take, over a connection that is kept.
package struct NetworkBenchmark: Sendable {
    let url: String
    let caFile: String?
    let count: Int

    /// - Parameter caFile: whom the server's certificate is trusted by, beside the system's.
    package init(url: String, caFile: String?, count: Int) {
        (self.url, self.caFile, self.count) = (url, caFile, count)
    }

    /// Microseconds of each request but the first, which connects; sorted.
    package func run() async throws -> (bytes: Int, microseconds: [Int]) {
        var settings = NetworkSettings()
        settings.caFile = caFile
        settings.allow = [NetworkOrigin(of: url)].compactMap { $0 }
        let network = NetworkService(settings)
        let access = network.access(for: "torture/network")
        var times: [Int] = []
        var bytes = 0
        for _ in 0...count {
            let start = DispatchTime.now().uptimeNanoseconds
            let answer = try await network.request(NetworkParameters(method: "GET", url: url), access)
            bytes = 0
            while let piece = try await answer.next() { bytes += piece.count }
            times.append(Int((DispatchTime.now().uptimeNanoseconds - start) / 1000))
        }
        await network.close()
        return (bytes, times.dropFirst().sorted())
    }
}
