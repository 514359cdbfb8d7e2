import DurableFiles
import Foundation
import ModelFixtures
import Testing

@testable import Checkpoints

@Suite struct SafetensorsWriterTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "safetensors-\(UUID().uuidString)")

    init() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    /// Files that the safetensors package wrote.
    @Test(
        "a file that is read and written again has the bytes that the format's own library wrote",
        arguments: [
            "adapters/llama-qv/adapter_model.safetensors", "adapters/qwen3-patterns/adapter_model.safetensors",
            "safetensors/sample.safetensors",
        ])
    func bytes(_ name: String) throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = Fixture.repository.appending(path: "Tests/Fixtures/\(name)").path
        let file = try SafetensorsFile(path: path)
        let tensors = file.tensors.values.map { tensor in
            SafetensorsWriter.Tensor(tensor.name, tensor.dtype, tensor.shape) { output throws(FileError) in
                try output.write(tensor.bytes)
            }
        }
        let copy = folder.appending(path: "copy.safetensors").path
        try FileOutput.create(copy) { output throws(FileError) in
            try SafetensorsWriter.write(tensors.shuffled(), metadata: file.metadata, to: output)
        }
        #expect(try Data(contentsOf: URL(filePath: copy)) == Data(contentsOf: URL(filePath: path)))
    }

    @Test("floats are read back to the bit, a single value, nothing and more than one piece among them")
    func floats() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "floats.safetensors").path
        var random = SplitMix(seed: 3)
        let long = (0..<200_000).map { _ in Float(bitPattern: UInt32(truncatingIfNeeded: random.next()) & 0xbfff_ffff) }
        try FileOutput.create(path) { output throws(FileError) in
            try SafetensorsWriter.write(
                [
                    .init("one", shape: [], [0.5]), .init("none", shape: [0, 4], []),
                    .init("long", shape: [400, 500], long), .init("three", shape: [3], [1, -2, .infinity]),
                ], to: output)
        }
        let file = try SafetensorsFile(path: path)
        #expect(file.metadata.isEmpty)
        #expect(try file.tensors["one"]?.floats() == [0.5])
        #expect(try file.tensors["none"]?.floats() == [])
        #expect(try file.tensors["long"]?.floats().map(\.bitPattern) == long.map(\.bitPattern))
        #expect(try file.tensors["three"]?.floats() == [1, -2, .infinity])
    }

    @Test("a file that exists is not written over, and the error says why")
    func existing() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "there").path
        try Data("kept".utf8).write(to: URL(filePath: path))
        let error = #expect(throws: FileError.self) {
            try FileOutput.create(path) { output throws(FileError) in try output.write("new") }
        }
        #expect(error?.description == "\(path): File exists")
        #expect(error?.isStorageFull == false)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "kept")
    }

    #if os(Linux)
    @Test("a full disk is told apart, and the unfinished file is removed")
    func fullDisk() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let descriptor = open("/dev/full", O_WRONLY)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        let output = FileOutput(descriptor: descriptor, path: "/dev/full")
        let error = #expect(throws: FileError.self) { try output.write(zeros: 1 << 20) }
        #expect(error?.isStorageFull == true)
        let path = folder.appending(path: "unfinished").path
        #expect(throws: FileError.self) {
            try FileOutput.create(path) { _ throws(FileError) in
                errno = ENOSPC
                throw FileError(path: path)
            }
        }
        #expect(!FileManager.default.fileExists(atPath: path))
    }
    #endif
}
