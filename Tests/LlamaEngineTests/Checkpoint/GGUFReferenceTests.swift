import CKernels
import Foundation
import ModelFixtures
import Testing

@testable import Checkpoints

/// Against a file written by the gguf package (Scripts/reference/gguf_sample.py).
@Suite("A GGUF file written by another program")
struct GGUFReferenceTests {
    private let file: GGUFFile

    init() throws {
        file = try GGUFFile.open(path: Fixture.repository.appending(path: "Tests/Fixtures/gguf/sample.gguf").path)
    }

    @Test(
        "integers of every width are read",
        arguments: [
            ("uint8", 200), ("int8", -100), ("uint16", 60000), ("int16", -30000), ("uint32", 4_000_000_000),
            ("int32", -2_000_000_000), ("int64", -(1 << 62)),
        ])
    func integers(name: String, value: Int) throws {
        #expect(try file.int("example.\(name)") == value)
    }

    @Test("an integer that does not fit is refused as an integer")
    func tooWide() {
        let error = #expect(throws: CheckpointError.self) { try file.int("example.uint64") }
        #expect(error?.found == "the integer 9223372036854775808")
    }

    @Test("floats, booleans, text and arrays are read")
    func others() throws {
        #expect(try file.float("example.float32") == 0.5)
        #expect(try file.float("example.float64") == 1e300)
        #expect(try file.bool("example.bool") == true)
        #expect(try file.string("example.string") == "Grüße, 世界")
        #expect(try file.ints("example.ints") == [3, -1, 2])
        #expect(try file.floats("example.floats") == [0.25, -1.5])
        let strings = try file.requiredStrings("example.strings")
        #expect(
            (0..<strings.count).map { String(decoding: strings[$0], as: UTF8.self) } == ["<|im_start|>", "", "Ġthe"])
    }

    @Test("tensors are read, to the precision of their type", arguments: ["f32", "f16", "bf16", "q8_0"])
    func tensors(name: String) throws {
        let tensor = try #require(file.tensor(named: name))
        var values = [Float](repeating: 0, count: 128)
        lk_dequantize_row(tensor.type, tensor.bytes.baseAddress, &values, 128)
        #expect(relativeError(values, (0..<128).map { Float($0 - 64) / 8 }) < (name == "q8_0" ? 0.005 : 1e-6))
    }
}
