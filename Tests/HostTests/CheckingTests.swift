import Foundation
import LlamaStackAPI
import Testing

@testable import Host

/// A distribution that is only checked.
struct CheckingTests {
    private func check(
        _ yaml: String, fault: String = "", seconds: Double = 20, log: LogRecord = LogRecord()
    ) async throws -> Summary {
        var environment = ["PATH": "/usr/bin:/bin"]
        if !fault.isEmpty { environment["FAULT"] = fault }
        return try await Stack.check(
            try distribution(yaml), environment: environment, log: log.sink, secondsMax: seconds)
    }

    private func refusing(_ error: String, _ status: String) throws -> String {
        try ProbeLibrary.build(
            ["ERROR=\"\(error)\"", "STATUS=\(status)"],
            source: ProbeLibrary.root + "/Tests/Fixtures/broken-providers/refusing.c")
    }

    // MARK: mistakes are those of a start

    /// Entries of `inference:`, and what follows.
    private func mistaken() throws -> [String] {
        let probe = try ProbeLibrary.build()
        // Its provider says that there is none.
        let unserved = ProbeLibrary.folder + "/missing.gguf"
        try Data().write(to: URL(fileURLWithPath: unserved))
        let asleep = try refusing(
            #"{\"code\":\"provider_unavailable\",\"message\":\"it is asleep\"}"#, "LSP_UNAVAILABLE")
        let odd = try refusing(
            #"[{\"pointer\":\"/token\",\"code\":\"invalid_config\",\"message\":\"must be even\"}]"#, "LSP_BAD_CONFIG")
        return [
            "[{provider_id: a, provider_type: inline::probe, library: \(probe), config: {evnts: 4, mode: plein}}]",
            "[{provider_id: a, provider_type: inline::other, library: \(probe)}]",
            "[{provider_id: a, provider_type: inline::probe, library: ./nothing.so}, {provider_id: b, provider_type: inline::no}]",
            "[{provider_id: a, provider_type: inline::probe, library: \(ProbeLibrary.root)/Package.swift}]",
            "[{provider_id: a, provider_type: inline::refusing, library: \(asleep), config: {token: hush}}]",
            "[{provider_id: a, provider_type: inline::refusing, library: \(odd), config: {token: hush}}]",
            "[{provider_id: a, provider_type: inline::probe, library: \(try ProbeLibrary.build("NULL_MODULE"))}]",
            "[{provider_id: a, provider_type: inline::probe, library: \(probe)}]\nmodels: [{model_id: m, path: /nowhere/m.gguf}]",
            "[{provider_id: a, provider_type: inline::probe, library: \(probe)}]\nmodels: [{model_id: m, provider_id: a, path: \(unserved)}]",
        ]
    }

    @Test func `the mistakes of a file are those that a start says, word for word`() async throws {
        for entries in try mistaken() {
            let yaml = "version: 1\nproviders:\n  inference: \(entries)"
            let started = await failure { _ = try await Stack.start(try distribution(yaml), environment: [:]) }
            let checked = await failure { _ = try await self.check(yaml) }
            #expect(checked?.description == started?.description, "\(entries)")
            #expect(checked?.exitCode == started?.exitCode, "\(entries)")
        }
    }

    // MARK: libraries that break the process

    static let broken: [(fault: String, says: String)] = [
        ("crash in constructor", "the process that read what it holds ended by SIGSEGV"),
        ("abort in constructor", "the process that read what it holds ended by SIGABRT"),
        ("exit in constructor", "the process that read what it holds exited with 0"),
        ("exit in entry", "the process that read what it holds exited with 0"),
        ("hang in constructor", "reading what it holds failed: no answer within"),
        ("crash in create", "inference/bad did not start: the provider inference/bad ended by SIGSEGV"),
        ("exit in create", "inference/bad did not start: the provider inference/bad exited with 0"),
        ("hang in create", "inference/bad did not start: create did not return within"),
        ("never ready", "inference/bad did not start: did not finish 'ready' within"),
        ("crash in destroy", "inference/bad did not stay up: the provider inference/bad ended by SIGSEGV"),
        ("exit in destroy", "inference/bad did not stay up: the provider inference/bad exited with 0"),
    ]

    @Test(arguments: broken)
    func `a library that crashes, hangs or exits is a mistake at its line`(_ fault: String, _ says: String) async throws
    {
        let yaml = """
            version: 1
            providers:
              inference:
                - {provider_id: bad, provider_type: inline::faults, library: \(try ConformanceKit.faults())}
            """
        let isHang = fault.hasPrefix("hang") || fault == "never ready"
        let failure = await failure { _ = try await self.check(yaml, fault: fault, seconds: isHang ? 15 : 60) }
        let lines = failure?.diagnostics.map(\.description) ?? []
        #expect(lines.count == 1 && lines[0].hasPrefix("test.yaml:4:") && lines[0].contains(says), "\(lines)")
        #expect(isHang ? failure?.exitCode != 0 : failure?.exitCode == 70)
    }

    @Test(arguments: ["crash in constructor", "exit in entry", "crash in create", "exit in create"])
    func `the other entries are checked all the same`(_ fault: String) async throws {
        let asleep = try refusing(#"{\"message\":\"it is asleep\"}"#, "LSP_UNAVAILABLE")
        let mistake =
            fault.hasSuffix("create")
            ? "{provider_id: b, provider_type: inline::refusing, library: \(asleep)}"
            : "{provider_id: b, provider_type: inline::probe, library: \(try ProbeLibrary.build()), config: {evnts: 4}}"
        let yaml = """
            version: 1
            providers:
              inference:
                - {provider_id: bad, provider_type: inline::faults, library: \(try ConformanceKit.faults())}
                - \(mistake)
            """
        let failure = await failure { _ = try await self.check(yaml, fault: fault) }
        let lines = failure?.diagnostics.map(\.description) ?? []
        #expect(lines.count == 2, "\(lines)")
        #expect(
            lines.first?.hasPrefix("test.yaml:4:") == true && lines.last?.hasPrefix("test.yaml:5:") == true, "\(lines)")
        #expect(lines.last?.contains(fault.hasSuffix("create") ? "it is asleep" : "'evnts'") == true, "\(lines)")
    }

    @Test func `what needs a provider that failed says nothing of its own`() async throws {
        let asking = try ProbeLibrary.build("PROVIDER_API=\"memory_banks\"", #"PROVIDER_NEEDS="[\"inference\"]""#)
        let yaml = """
            version: 1
            providers:
              inference:
                - {provider_id: bad, provider_type: inline::faults, library: \(try ConformanceKit.faults())}
              memory_banks:
                - {provider_id: b, provider_type: inline::probe, library: \(asking)}
            """
        let failure = await failure { _ = try await self.check(yaml, fault: "crash in create") }
        #expect(failure?.diagnostics.count == 1, "\(failure?.description ?? "")")
    }

    // MARK: what it leaves alone

    @Test func `no library is opened in the process that checks, whatever isolation says`() async throws {
        let library = try ProbeLibrary.build("CHECKED_ALONE")
        for isolation in ["inline", "process"] {
            let summary = try await check(
                """
                version: 1
                providers:
                  inference:
                    - {provider_id: a, provider_type: inline::probe, library: \(library), isolation: \(isolation)}
                models: [{model_id: m, provider_id: a}]
                """)
            #expect(summary.providers.map(\.providerID) == ["a"] && summary.resources.map(\.id) == ["m"])
        }
        let maps = try String(contentsOfFile: "/proc/self/maps", encoding: .utf8)
        #expect(!maps.contains(library))
    }
}
