import CKernels
import DurableFiles
import Foundation
import Testing

@testable import Checkpoints

@Suite struct GGUFOutputTests {
    @Test("a file with metadata of its own is read back as it was written")
    func ownMetadata() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "own-\(UUID().uuidString).gguf").path
        defer { FileOutput.remove(path) }
        let values: [Float] = [1, 2, 3]
        let tensor = { (name: String, values: [Float]) in
            GGUFOutput.Tensor(name, LK_F32, [1, values.count], byteCount: 4 * values.count) {
                output throws(FileError) in try output.write(values)
            }
        }
        try FileOutput.create(path) { output throws(FileError) in
            try GGUFOutput.write(
                [tensor("first", values), tensor("second", [4])],
                metadata: [
                    ("general.architecture", .string("llama")), ("llama.block_count", .uint32(16)),
                    ("llama.rope.freq_base", .float32(500_000)),
                ], to: output)
        }
        let file = try GGUFFile.open(path: path)
        #expect(file.keys == ["general.architecture", "llama.block_count", "llama.rope.freq_base"])
        #expect(try file.string("general.architecture") == "llama")
        #expect(try file.int("llama.block_count") == 16)
        #expect(try file.float("llama.rope.freq_base") == 500_000)
        #expect(file.tensors.map(\.name) == ["first", "second"])
        #expect(file.tensor(named: "first")?.dimensions == [3, 1])
        #expect(file.tensor(named: "first")?.bytes.elementsEqual(values.withUnsafeBytes { Array($0) }) == true)
    }
}
