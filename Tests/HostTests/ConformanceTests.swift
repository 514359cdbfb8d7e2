import Foundation
import Host
import LlamaStackAPI
import ProviderConformance
import Testing

struct ConformanceTests {
    @Test("a provider that keeps the contract passes every check")
    func keeps() async throws {
        let results = await ConformanceSuite(library: try ProbeLibrary.build(), secondsMax: 10).run()
        #expect(results.filter { $0.outcome != .passed }.map(\.description) == [])
        #expect(results.count == Check.names.count + 1)
    }

    /// The macro that breaks the provider, and the checks that must turn red.
    static let broken: [(macro: String, checks: [String])] = [
        ("PROVIDER_METHODS=\"[{\\\"name\\\":\\\"chat\\\"}]\"", ["names methods of its API"]),
        ("PROVIDER_SCHEMA=\"{\\\"type\\\":\\\"object\\\"}\"", ["lets no unknown key into its config"]),
        ("BREAK_NEVER_READY", ["becomes ready and stops"]),
        ("BREAK_CREATE_NULL", ["becomes ready and stops", "can be created twice at once"]),
        ("BREAK_NEVER_DESTROYED", ["becomes ready and stops", "stops while calls run"]),
        ("BREAK_CONFIG_ERROR", ["answers a bad config in time, with an array of complaints"]),
        ("BREAK_UNKNOWN_METHOD", ["answers an unknown method with LSP_UNSUPPORTED"]),
        ("BREAK_UNKNOWN_FIELD", ["answers an unknown field with LSP_INVALID"]),
        ("BREAK_NOT_JSON", ["answers a body that is not JSON with LSP_BAD_REQUEST"]),
        ("BREAK_REGISTER_ANYTHING", ["answers a resource of an unknown kind with LSP_UNSUPPORTED"]),
        ("BREAK_BAD_ERROR", ["gives its errors as JSON objects"]),
        ("BREAK_FINISH_TWICE", ["finishes each call once, and is silent after it"]),
        ("BREAK_WRITE_AFTER_FINISH", ["finishes each call once, and is silent after it"]),
        ("BREAK_BLOCKS", ["returns from invoke at once"]),
        ("BREAK_ONE_AT_A_TIME", ["answers 64 calls at once"]),
        ("BREAK_NEVER_FINISH", ["answers an unknown method with LSP_UNSUPPORTED"]),
        ("BREAK_FORGETS", ["ignores the cancel of a call that it does not know, or has finished"]),
        ("BREAK_NEWLINE", ["streams events, one JSON value a line"]),
        ("BREAK_MIXED_KINDS", ["streams events, one JSON value a line"]),
        ("BREAK_IGNORE_PAUSE", ["waits while the reader is behind"]),
        ("BREAK_IGNORE_CANCEL", ["ends a stream that is cancelled", "ends a call that is cancelled at once"]),
    ]

    @Test("each check turns red for the provider that breaks its rule", arguments: broken.indices)
    func red(_ index: Int) async throws {
        let (macro, checks) = Self.broken[index]
        // Long enough that a provider deaf to cancel goes on past every wait.
        let results = await ConformanceSuite(
            library: try ProbeLibrary.build(macro), config: ["events": 500], secondsMax: 0.6
        ).run(only: checks)
        let failed = results.filter { !$0.passed }.map(\.name)
        for check in checks { #expect(failed.contains(check), "\(macro) must fail '\(check)'; failed: \(failed)") }
    }

    @Test("every check is shown red by some broken provider")
    func covered() {
        let shown = Set(Self.broken.flatMap(\.checks))
        #expect(Check.names.filter { !shown.contains($0) } == [])
    }

    static let builtProviders: [String] = {
        let folder = Bundle.main.executableURL?.deletingLastPathComponent().path ?? "."
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0.hasPrefix("libprovider-") && $0.hasSuffix(".so") && $0.contains("echo") }.map {
            folder + "/" + $0
        }
    }()

    @Test("every built example provider passes", arguments: builtProviders)
    func examples(_ library: String) async throws {
        let results = await ConformanceSuite(
            library: library, resources: [["kind": "model", "id": "conformance"]], secondsMax: 20
        ).run()
        #expect(results.filter { $0.outcome != .passed }.map(\.description) == [])
    }

    @Test("the example provider in Rust passes")
    func rust() async throws {
        let folder = ProbeLibrary.folder + "/rust"
        let cargo = Process()
        cargo.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        cargo.arguments = [
            "cargo", "build", "--offline", "--quiet", "--manifest-path",
            ProbeLibrary.root + "/Plugins/EchoRust/Cargo.toml",
            "--target-dir", folder,
        ]
        cargo.standardError = FileHandle.nullDevice
        try cargo.run()
        cargo.waitUntilExit()
        // env answers 127 when there is no such command.
        guard cargo.terminationStatus != 127 else {
            return print("the provider in Rust was not tried: there is no cargo")
        }
        try #require(cargo.terminationStatus == 0)
        let files = try FileManager.default.contentsOfDirectory(atPath: folder + "/debug").filter {
            $0.hasSuffix(".so")
        }
        let library = folder + "/debug/" + (try #require(files.first))
        let results = await ConformanceSuite(
            library: library, resources: [["kind": "model", "id": "conformance"]], secondsMax: 20
        ).run()
        #expect(results.filter { $0.outcome != .passed }.map(\.description) == [])
    }
}
