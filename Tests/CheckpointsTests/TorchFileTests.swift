import CKernels
import Foundation
import ModelFixtures
import Testing

@testable import Checkpoints

/// Against files written by torch, and by hand to do harm (Scripts/reference/hostile_pickles.py).
@Suite("A file that torch saved")
struct TorchFileTests {
    static let folder = Fixture.repository.appending(path: "Tests/Fixtures/torch")

    private func open(_ name: String) throws -> TorchFile {
        try TorchFile(.open(path: Self.folder.appending(path: name).path))
    }

    private func refusal(_ name: String) -> CheckpointError? {
        do {
            _ = try open(name)
            return nil
        } catch { return error as? CheckpointError }
    }

    private func floats(_ tensor: CheckpointTensor) throws -> [Float] {
        let type = try #require(tensor.type)
        var values = [Float](repeating: 0, count: tensor.elementCount)
        lk_dequantize_row(type, try #require(tensor.contiguous?.baseAddress), &values, values.count)
        return values
    }

    @Test("tensors, parameters and parts of a shared storage are read")
    func sample() throws {
        let file = try open("sample.pth")
        #expect(Set(file.tensors.keys) == ["weight", "bias", "parameter", "part", "steps"])
        let tensors = file.tensors
        #expect(tensors["weight"]?.shape == [2, 3] && tensors["part"]?.shape == [1, 3])
        #expect(try floats(try #require(tensors["weight"])) == [0, 1, 2, 3, 4, 5])
        #expect(try floats(try #require(tensors["bias"])) == [0.5, -0.5])
        #expect(try floats(try #require(tensors["parameter"])) == [0, 1, 2, 3, 4, 5])
        #expect(tensors["parameter"]?.typeName == "BF16")
        #expect(try floats(try #require(tensors["part"])) == [3, 4, 5])
        #expect(tensors["steps"]?.typeName == "I64")
    }

    @Test(
        "a pickle that does more than rebuild tensors is refused, and nothing of it runs",
        arguments: [
            ("system.pth", "a use of 'posix system'"), ("eval.pth", "a use of '__builtin__ eval'"),
            ("list.pth", "the instruction 0x5d"), ("deep.pth", "1 values in a tuple 9 deep"),
            ("bomb.pth", "a tuple 9 deep"), ("stack.pth", "more than 10000 values at once"),
        ])
    func hostile(_ name: String, _ found: String) {
        let error = refusal(name)
        #expect(error?.field == "pickle" && error?.found.contains(found) == true, "\(error?.description ?? "opened")")
        #expect(!FileManager.default.fileExists(atPath: "/tmp/a-checkpoint-ran-this"))
    }

    @Test("values that are not in order, a compressed archive and the form before 1.6 are refused")
    func others() {
        #expect(refusal("turned.pth")?.found == "shape [3, 2], strides [1, 3] from value 0")
        #expect(refusal("packed.pth")?.found == "it compressed or encrypted")
        #expect(refusal("old.pth")?.wanted == "a file as torch has saved it since version 1.6")
    }

    /// True when refused. Reads all that was believed.
    private func exercise(_ bytes: [UInt8]) -> Bool {
        guard let file = try? TorchFile(guardedFile(bytes)) else { return true }
        var sum = 0
        for tensor in file.tensors.values {
            for part in tensor.parts { sum &+= part.bytes.reduce(0) { $0 &+ Int($1) } }
        }
        return sum == .min
    }

    @Test("truncation at every byte is an error")
    func truncation() throws {
        let bytes = try Array(Data(contentsOf: Self.folder.appending(path: "sample.pth")))
        #expect((0..<bytes.count).filter { !exercise(Array(bytes[..<$0])) } == [])
    }

    @Test("any change of one byte does no harm")
    func mutations() throws {
        let bytes = try Array(Data(contentsOf: Self.folder.appending(path: "sample.pth")))
        var refused = 0
        for at in bytes.indices {
            for value: UInt8 in [bytes[at] ^ 1, bytes[at] ^ 0x80, 0, 0xff, UInt8(ascii: "("), UInt8(ascii: "R")] {
                var changed = bytes
                changed[at] = value
                if exercise(changed) { refused += 1 }
            }
        }
        #expect(refused > 2000)
    }
}
