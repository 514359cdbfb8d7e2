import Testing

@testable import Host

struct ServerSettingsTests {
    @Test(
        "what a distribution does not say of its server is as the page about distributions has it",
        arguments: ["", "server: {}", "server: {limits: {}}", "server: {limits: {drain_seconds: 10}, port: 8321}"])
    func defaults(_ server: String) throws {
        let settings = try distribution("version: 1\nproviders: {}\n\(server)\n").server
        #expect(settings == ServerSettings())
        let limits = settings.limits
        #expect((settings.host, settings.port, settings.isInsecure) == ("127.0.0.1", 8321, false))
        #expect((settings.allowedHosts, settings.allowedOrigins) == ([], []))
        #expect((limits.bodyBytesMax, limits.bodiesBytesMax, limits.connectionsMax) == (nil, 512 << 20, 1024))
        #expect((limits.headerTimeoutSeconds, limits.bodyTimeoutSeconds, limits.idleTimeoutSeconds) == (10, 300, 60))
        #expect((limits.writeTimeoutSeconds, limits.callSecondsMax, limits.drainSeconds) == (30, 600, 10))
    }

    @Test(
        "an address that others can reach needs 'insecure'",
        arguments: [
            ("127.0.0.1", false), ("127.8.0.1", false), ("::1", false), ("localhost", false), ("0.0.0.0", true),
        ])
    func exposed(_ host: String, _ isExposed: Bool) {
        var settings = ServerSettings()
        settings.host = host
        #expect(settings.isExposed == isExposed)
        settings.isInsecure = true
        #expect(!settings.isExposed)
    }
}
