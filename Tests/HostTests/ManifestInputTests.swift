import Foundation
import LlamaStackAPI
import Testing

@testable import Host

/// Where a distribution is read from.
struct ManifestInputTests {
    @Test("a pipe is read to its end, also when it is written to slowly, and its paths start at the current folder")
    func pipe() async throws {
        let pipe = Pipe()
        let writer = Task.detached {
            for piece in ["version: 1\n", "state: here\n", "provider_path: [/no/where]\n"] {
                try await Task.sleep(for: .milliseconds(20))
                pipe.fileHandleForWriting.write(Data(piece.utf8))
            }
            try pipe.fileHandleForWriting.close()
        }
        let path = "/dev/fd/\(pipe.fileHandleForReading.fileDescriptor)"
        let manifest = try await OffPool.run {
            Result { () throws(StartFailure) in try Manifest.load(path: path, environment: [:]) }
        }.get()
        try await writer.value
        #expect(manifest.name == "distribution")
        #expect(manifest.statePath == FileManager.default.currentDirectoryPath + "/here")
        #expect(
            manifest.warnings.map(\.description) == [
                "\(path):3:17: warning: there is no folder /no/where\n  hint: in a container: is it mounted?"
            ])
    }

    @Test("a pipe into which nothing is written is empty, and one without an end is cut")
    func otherPipes() throws {
        let path = ProbeLibrary.folder + "/fifo-\(UInt32.random(in: 0...UInt32.max))"
        try #require(mkfifo(path, 0o600) == 0)
        #expect(code(path) == "empty")
        #expect(code("/dev/zero") == "unreadable")
        #expect(code(ProbeLibrary.folder) == "unreadable")
    }

    private func code(_ path: String) -> String? {
        do {
            _ = try Manifest.load(path: path, environment: [:])
            return nil
        } catch {
            return error.diagnostics.first?.code
        }
    }

    @Test("a folder of provider_path that is there is no warning")
    func folders() throws {
        let path = ProbeLibrary.folder + "/folders.yaml"
        try Data("version: 1\nprovider_path: [., nowhere, folders.yaml]\n".utf8).write(to: URL(fileURLWithPath: path))
        let manifest = try Manifest.load(path: path, environment: [:])
        #expect(manifest.warnings.map(\.position) == [Position(line: 2, column: 20), Position(line: 2, column: 29)])
    }
}
