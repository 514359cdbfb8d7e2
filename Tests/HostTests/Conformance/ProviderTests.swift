import Foundation
import LlamaStackAPI
import ProviderConformance
import Testing

/// The example providers keep the contract.
struct ConformingProviderTests {
    static let resources: [JSON] = [["kind": "model", "id": "conformance"]]

    @Test(
        arguments: ["libprovider-inference-echo.so", "libprovider-inference-echo-c.so"],
        ConformanceSuite.Isolation.allCases)
    func `every built example provider passes`(_ name: String, _ isolation: ConformanceSuite.Isolation) async throws {
        let report = await ConformanceKit.run(
            ConformanceKit.products + "/" + name, resources: Self.resources, isolation: isolation)
        #expect(report.failed.map(\.description) == [])
        #expect(report.results.filter { $0.outcome == .skipped }.map(\.detail) == ["nothing of its API is kept"])
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
