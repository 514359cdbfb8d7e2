import Foundation
import Testing

/// The host's service is the only way to the network that a provider has.
struct LintTests {
    @Test("nothing but the network, the front and the commands imports a network library")
    func imports() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let words = [
            "import AsyncHTTPClient", "import FoundationNetworking", "URLSession", "import NIOPosix", "import NIOHTTP1",
            "import NIOSSL", "import Hummingbird", "import Networking", "import CCurl", "libcurl", "curl_easy",
            "Data(contentsOf: URL(string", "SOCK_STREAM",
        ]
        // A socket between two processes of ours is no network.
        let allowed = [
            "Sources/CChildProcess/", "Sources/CCurl/", "Sources/Networking/", "Sources/Host/", "Sources/HTTPFront/",
            "Sources/llama-stack/", "Sources/llama-stack-bench/", "Sources/Torture/NetworkBenchmark.swift",
        ]
        var count = 0
        for folder in ["Plugins", "Sources"] {
            let files = try #require(
                FileManager.default.enumerator(at: root.appending(path: folder), includingPropertiesForKeys: nil))
            for case let file as URL in files where ["swift", "c", "h"].contains(file.pathExtension) {
                let name = file.path.replacing(root.path + "/", with: "")
                guard !allowed.contains(where: name.hasPrefix) else { continue }
                count += 1
                let text = try String(contentsOf: file, encoding: .utf8)
                for word in words {
                    #expect(!text.contains(word), "\(name) has '\(word)': ask through host->call, target network")
                }
            }
        }
        #expect(count > 100)
    }
}
