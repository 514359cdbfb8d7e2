import LlamaStackAPI
import Testing

@testable import Host

/// A distribution as the playground shows it.
struct MaskedDistributionTests {
    @Test("nothing of the environment and nothing that is a secret is shown; the rest is as in the file")
    func masked() throws {
        let yaml = """
            version: 1
            name: shown
            state: ${env.STATE}
            server: {host: 127.0.0.1, port: 8321}
            providers:
              inference:
                - provider_id: far
                  provider_type: remote::far
                  config:
                    url: https://me:hunter2@far.example/v1?x=1
                    api_key: sk-literal-0123456789
                    database: host=db user=me password=hunter2 port=1
                    note: "Bearer hunter2"
                    plain: sk-0123456789abcdef
                    headers: {authorization: [hunter2], accept: text/plain}
                    credentials: {user: hunter2}
                    count: 3
            """
        let manifest = try Manifest.parse(
            Array(yaml.utf8), file: "shown.yaml", directory: "/nowhere", environment: ["STATE": "/hunter2"])
        let text = String(decoding: manifest.masked.bytes, as: UTF8.self)
        for secret in ["hunter2", "sk-literal", "0123456789abcdef"] { #expect(!text.contains(secret), "\(secret)") }
        #expect(manifest.masked["state"] == "***")
        #expect(manifest.masked["server"] == ["host": "127.0.0.1", "port": 8321])
        guard case .array(let providers)? = manifest.masked["providers"]?["inference"] else {
            Issue.record("no providers")
            return
        }
        let config = try #require(providers.first?["config"])
        #expect(config["url"] == "https://***@far.example/v1?x=1")
        #expect(config["api_key"] == "***")
        #expect(config["database"] == "host=db user=me password=*** port=1")
        #expect(config["headers"] == ["authorization": ["***"], "accept": "text/plain"])
        #expect(config["credentials"] == ["user": "***"])
        #expect(config["count"] == 3)
    }
}
