import Foundation
import Testing

@testable import HTTPFront

/// Bytes as gzip, read back by Python.
struct GzipTests {
    @Test("what is packed is read back by another's code, byte for byte")
    func readBack() async throws {
        var random = SystemRandomNumberGenerator()
        let cases: [[UInt8]] =
            PlaygroundFile.all.map(\.bytes) + [
                [], [0],
                (0..<70_000).map { _ in UInt8.random(in: 0...255, using: &random) },
            ]
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("gzip-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (index, bytes) in cases.enumerated() {
            try Data(bytes).write(to: folder.appendingPathComponent("\(index)"))
            try Data(#require(Gzip.pack(bytes))).write(to: folder.appendingPathComponent("\(index).gz"))
        }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "python3", "-c",
            """
            import glob, gzip, sys
            for name in glob.glob(sys.argv[1] + "/*.gz"):
                assert gzip.decompress(open(name, "rb").read()) == open(name[:-3], "rb").read(), name
            """, folder.path,
        ]
        let code = try await withCheckedThrowingContinuation { continuation in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
        #expect(code == 0)
    }
}
