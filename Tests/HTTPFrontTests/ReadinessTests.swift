import Foundation
import LlamaStackAPI
import RawHTTP
import Testing

@testable import Host

/// `/health/ready` while a provider can't serve.
struct ReadinessTests {
    /// A distribution with a provider whose `invoke` does not return when the request says `"do":"block"`.
    private static func manifest(isOptional: Bool) throws -> Manifest {
        let yaml = """
            version: 1
            name: blocking
            providers:
              inference:
                - provider_id: dying
                  provider_type: inline::dying
                  library: \(try library.get())
                  optional: \(isOptional)
            models: [{model_id: m, provider_id: dying}]
            """
        return try Manifest.parse(Array(yaml.utf8), file: "blocking.yaml", directory: "/nowhere", environment: [:])
    }

    /// Built once.
    private static let library = Result {
        let root = URL(fileURLWithPath: #filePath + "/../../..").standardized.path
        let path = FileManager.default.temporaryDirectory.path + "/libprovider-dying-\(getpid()).so"
        let compiler = Process()
        compiler.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        compiler.arguments = [
            "cc", "-shared", "-fPIC", "-pthread", "-I", root + "/Sources/CProviderABI/include", "-o", path,
            root + "/Tests/Fixtures/dying-provider/provider.c",
        ]
        try compiler.run()
        compiler.waitUntilExit()
        try #require(compiler.terminationStatus == 0)
        return path
    }

    /// Sends what blocks the provider, on a connection that stays open.
    private static func block(_ front: FrontServer) async throws -> Box<HTTPConnection> {
        try await raw {
            let connection = try front.connect()
            connection.send("POST", Chat.path, #"{"model":"m","do":"block"}"#)
            return Box(connection)
        }
    }

    @Test("a provider that is stuck makes the server degraded, and is named")
    func stuck() async throws {
        try await withFront(manifest: try Self.manifest(isOptional: false)) { front in
            var reply = try await front.ask("GET", "/health/ready")
            #expect((reply.status, reply.text) == (200, #"{"status":"ready"}"#))
            let blocked = try await Self.block(front)
            let end = ContinuousClock.now + .seconds(60)
            while reply.status == 200, ContinuousClock.now < end { reply = try await front.ask("GET", "/health/ready") }
            #expect(reply.status == 503)
            #expect(reply.json["status"] == "degraded")
            guard case .array(let providers)? = reply.json["providers"] else { throw CallError(.internal, reply.text) }
            #expect(providers.count == 1)
            #expect(providers[0]["api"] == "inference")
            #expect(providers[0]["provider_id"] == "dying")
            #expect(providers[0]["state"] == "stuck")
            let since = try #require(providers[0]["since"]?.stringValue)
            #expect(try Date(since, strategy: .iso8601) <= Date())
            #expect(try await front.ask("GET", "/health/live").status == 200)
            _ = blocked
        }
    }

    @Test("one that is optional does not")
    func optional() async throws {
        try await withFront(manifest: try Self.manifest(isOptional: true)) { front in
            let blocked = try await Self.block(front)
            let isStuck = try await eventually {
                front.received.otherLines.contains { $0.contains("has not returned for 1 s") }
            }
            #expect(isStuck)
            #expect(try await front.ask("GET", "/health/ready").status == 200)
            _ = blocked
        }
    }
}
