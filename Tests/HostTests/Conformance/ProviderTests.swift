import Foundation
import LlamaStackAPI
import ProviderConformance
import Testing

/// The example providers keep the contract.
struct ConformingProviderTests {
    static let resources: [JSON] = [["kind": "model", "id": "conformance"]]
    static let answering = "answers each method whole, as its schema says"

    @Test(
        arguments: ["libprovider-inference-echo.so", "libprovider-inference-echo-c.so"],
        ConformanceSuite.Isolation.allCases)
    func `every built example provider passes`(_ name: String, _ isolation: ConformanceSuite.Isolation) async throws {
        let report = await ConformanceKit.run(
            ConformanceKit.products + "/" + name, resources: Self.resources, isolation: isolation)
        #expect(report.failed.map(\.description) == [])
        #expect(report.results.filter { $0.outcome == .skipped }.map(\.detail) == ["nothing of its API is kept"])
    }

    @Test(arguments: ConformanceSuite.Isolation.allCases)
    func `the example of a tool in C passes, and is called`(_ isolation: ConformanceSuite.Isolation) async throws {
        let report = await ConformanceKit.run(
            ConformanceKit.products + "/libprovider-tools-example-c.so", isolation: isolation)
        #expect(report.failed.map(\.description) == [])
        let answers = report.results.filter { $0.check == Self.answering }
        #expect(
            answers.map(\.subject) == [
                "list", "list, of tools that can be called", "invoke, of a tool that there is not",
                "invoke, of count_words without arguments",
            ])
    }

    static let ownProviders: [(library: String, resources: [JSON])] = [
        ("tools-builtin", [["kind": "tool_group", "id": "math"]]),
        (
            "tools-mcp",
            [
                [
                    "kind": "tool_group", "id": "files",
                    "config": ["command": ["python3", .string(ProbeLibrary.root + "/Tests/Fixtures/mcp/server.py")]],
                ]
            ]
        ),
        ("safety-patterns", [["kind": "shield", "id": "patterns", "config": ["patterns": ["a{1,3}"]]]]),
        ("safety-code-guard", [["kind": "shield", "id": "code_guard"]]),
        ("safety-prompt-guard", [["kind": "shield", "id": "prompt_guard", "config": ["model": "embedder"]]]),
        ("safety-llama-guard", [["kind": "shield", "id": "llama_guard", "config": ["model": "guard"]]]),
    ]

    @Test(arguments: ownProviders, ConformanceSuite.Isolation.allCases)
    func `the providers of tools and of safety pass`(
        _ provider: (library: String, resources: [JSON]), _ isolation: ConformanceSuite.Isolation
    ) async throws {
        let report = await ConformanceKit.run(
            ConformanceKit.products + "/libprovider-\(provider.library).so", resources: provider.resources,
            isolation: isolation)
        #expect(report.failed.map(\.description) == [])
        #expect(report.results.contains { $0.check == Self.answering && $0.outcome == .passed })
    }

    @Test(arguments: ConformanceSuite.Isolation.allCases)
    func `the provider of rewards passes with a model of its own`(_ isolation: ConformanceSuite.Isolation) async throws
    {
        let path = ProbeLibrary.root + "/Tests/Fixtures/reward/tiny"
        let report = await ConformanceKit.run(
            ConformanceKit.products + "/libprovider-reward-scoring-model.so",
            resources: [["kind": "model", "id": "tiny", "path": .string(path), "config": ["kind": "head"]]],
            isolation: isolation)
        #expect(report.failed.map(\.description) == [])
        let answers = report.results.filter { $0.check == Self.answering }
        #expect(answers.map(\.subject) == ["score"] && answers.allSatisfy { $0.outcome == .passed })
    }

    @Test(arguments: ConformanceSuite.Isolation.allCases)
    func `the provider of synthetic data passes; what it answers needs a model`(
        _ isolation: ConformanceSuite.Isolation
    ) async throws {
        let report = await ConformanceKit.run(
            ConformanceKit.products + "/libprovider-synthetic-data-generation-reference.so",
            config: ["model": "conformance"], isolation: isolation)
        #expect(report.failed.map(\.description) == [])
    }

    /// A provider in C of every API, which reads no request: what it lists and how it answers are its macros.
    @Test func `the kit says what is wrong with a list of tools`() async throws {
        let line = { (name: String) in
            #"{\"tool_name\":\"\#(name)\",\"description\":\"\",\"parameters\":{},\"is_available\":true}\n"#
        }
        for (lists, wanted) in [
            (line("a b"), "a tool's name is 1 to 64 of A-Z a-z 0-9 _ -, got 'a b'"),
            (line("a") + line("a"), "list has a tool's name twice"),
            (
                #"{\"tool_name\":\"a\",\"description\":\"\",\"parameters\":{\"x\":1},\"is_available\":true}\n"#,
                "\"parameters\" of a must be empty or the JSON Schema of an object"
            ),
            (
                #"{\"tool_name\":\"a\",\"description\":\"\",\"parameters\":{},\"is_available\":false}\n"#,
                "a is not available and gives no \"reason\""
            ),
        ] {
            let library = try EveryAPI.library(#"TOOLS="\#(lists)""#)
            let report = await ConformanceKit.run(library, only: [Self.answering], seconds: 5)
            let failed = report.failed.filter { $0.provider == "tools inline::every" }
            #expect(
                failed.map(\.subject) == ["list, of tools that can be called", "invoke, of a tool that there is not"])
            #expect(failed.first?.detail == wanted)
        }
    }

    @Test func `the kit says what is wrong with a list of shields, and with a shield`() async throws {
        let report = await ConformanceKit.run(
            try EveryAPI.library(), only: [Self.answering], seconds: 5, resources: [["kind": "shield", "id": "guard"]])
        let failed = report.failed.filter { $0.provider == "safety inline::every" }
        #expect(
            failed.map(\.subject) == [
                "list, of the shields that were registered", "run_shield, of s with a setting that there is not",
            ])
        #expect(failed.first?.detail == "wanted 'guard', got 's'")
    }

    @Test func `the example provider in Rust passes`() async throws {
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
        for isolation in ConformanceSuite.Isolation.allCases {
            let report = await ConformanceKit.run(library, resources: Self.resources, isolation: isolation)
            #expect(report.failed.map(\.description) == [])
            let skipped = report.results.filter { $0.outcome == .skipped }
            #expect(skipped.map(\.detail) == ["nothing of its API is kept"])
        }
    }
}
