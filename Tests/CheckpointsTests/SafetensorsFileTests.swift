import Foundation
import ModelFixtures
import Testing

@testable import Checkpoints

/// Against a file written by the safetensors package (Scripts/reference/safetensors_sample.py).
@Suite("A safetensors file written by another program")
struct SafetensorsReferenceTests {
    private let file: SafetensorsFile

    init() throws {
        file = try SafetensorsFile(path: SafetensorsSample.path)
    }

    @Test("every tensor is there, with its type and shape")
    func tensors() {
        let shown = file.tensors.mapValues { "\($0.dtype.rawValue) \($0.shape) \($0.bytes.count)" }
        #expect(
            shown == [
                "f32": "F32 [2, 64] 512", "f16": "F16 [2, 64] 256", "bf16": "BF16 [2, 64] 256", "f64": "F64 [1, 2] 16",
                "i64": "I64 [3] 24", "flag": "BOOL [3] 3", "scalar": "F32 [] 4", "empty": "F32 [0, 4] 0",
                "Grüße \"世界\"": "F32 [1, 1, 1] 4",
            ])
    }

    @Test("F32, F16 and BF16 are read as f32", arguments: ["f32", "f16", "bf16"])
    func floats(name: String) throws {
        #expect(try file.tensors[name]?.floats() == (0..<128).map { Float($0 - 64) / 8 })
    }

    @Test("a single value and an empty tensor are read")
    func shapes() throws {
        #expect(try file.tensors["scalar"]?.floats() == [0.5])
        #expect(try file.tensors["empty"]?.floats() == [])
    }

    @Test("a type that is no weight's is refused as values, not as a file")
    func integers() throws {
        let tensor = try #require(file.tensors["i64"])
        let error = #expect(throws: CheckpointError.self) { try tensor.floats() }
        #expect(error?.found == "I64" && error?.wanted == "F32, F16 or BF16")
    }

    @Test("notes are read")
    func metadata() {
        #expect(file.metadata == ["format": "pt", "note": "line\nbreak"])
    }
}

@Suite("Safetensors headers")
struct SafetensorsHeaderTests {
    /// A file with this header and `data` zeros.
    private func open(_ header: String, data: Int) throws(CheckpointError) -> SafetensorsFile {
        try SafetensorsFile(file: guardedFile(SafetensorsSample.bytes(header: header, data: data)))
    }

    private func refusal(_ header: String, data: Int = 8) -> CheckpointError? {
        do {
            _ = try open(header, data: data)
            return nil
        } catch { return error }
    }

    private func tensor(_ name: String, _ shape: String, _ places: String) -> String {
        #""\#(name)": {"dtype": "F32", "shape": \#(shape), "data_offsets": \#(places)}"#
    }

    @Test("order in the header does not matter, and spaces may follow it")
    func order() throws {
        let file = try open("{\(tensor("b", "[1]", "[4, 8]")), \(tensor("a", "[1]", "[0, 4]"))}   ", data: 8)
        #expect(file.tensors["b"]?.byteRange.lowerBound == file.file.bytes.count - 4)
    }

    @Test(
        "a length that no header has is refused", arguments: [0, 1 << 40, UInt64.max, 100_000_001, 1 << 63, 17])
    func lengths(length: UInt64) {
        var bytes = SafetensorsSample.bytes(header: "{}", data: 8)
        bytes.replaceSubrange(0..<8, with: withUnsafeBytes(of: length.littleEndian) { Array($0) })
        let error = #expect(throws: CheckpointError.self) { try SafetensorsFile(file: guardedFile(bytes)) }
        #expect(error?.field == "length of the header" && error?.offset == 0)
    }

    @Test("more tensors than the limit are refused")
    func many() {
        let names = (0..<70_000).map { tensor("t\($0)", "[0]", "[0, 0]") }
        #expect(refusal("{\(names.joined(separator: ","))}")?.wanted == "at most 65536")
    }

    static let lies: [(what: String, header: String, field: String)] = [
        ("a name that comes twice", #"{"a": {"dtype":"U8","shape":[8],"data_offsets":[0,8]}, "a": {}}"#, "header"),
        ("a key that comes twice", #"{"a": {"dtype":"U8","dtype":"U8"}}"#, "tensor 'a'"),
        ("an unknown type", #"{"a": {"dtype":"F31","shape":[2],"data_offsets":[0,8]}}"#, "dtype of tensor 'a'"),
        ("a negative size", #"{"a": {"dtype":"U8","shape":[-8],"data_offsets":[0,8]}}"#, "shape of tensor 'a'"),
        (
            "a size that is no integer", #"{"a": {"dtype":"U8","shape":[8.0],"data_offsets":[0,8]}}"#,
            "shape of tensor 'a'"
        ),
        (
            "a product that wraps to 8",
            #"{"a": {"dtype":"F32","shape":[4611686018427387906,2147483648,8],"data_offsets":[0,8]}}"#,
            "shape of tensor 'a'"
        ),
        (
            "nine dimensions", #"{"a": {"dtype":"U8","shape":[1,1,1,1,1,1,1,1,8],"data_offsets":[0,8]}}"#,
            "shape of tensor 'a'"
        ),
        ("reversed places", #"{"a": {"dtype":"U8","shape":[8],"data_offsets":[8,0]}}"#, "data_offsets of tensor 'a'"),
        ("negative places", #"{"a": {"dtype":"U8","shape":[8],"data_offsets":[-8,0]}}"#, "data_offsets of tensor 'a'"),
        ("three places", #"{"a": {"dtype":"U8","shape":[8],"data_offsets":[0,8,8]}}"#, "data_offsets of tensor 'a'"),
        (
            "a place of another size", #"{"a": {"dtype":"U8","shape":[4],"data_offsets":[0,8]}}"#,
            "data_offsets of tensor 'a'"
        ),
        (
            "a place beyond the file", #"{"a": {"dtype":"U8","shape":[9],"data_offsets":[0,9]}}"#,
            "data_offsets of tensor 'a'"
        ),
        (
            "a place near 2^63",
            #"{"a": {"dtype":"U8","shape":[7],"data_offsets":[9223372036854775800,9223372036854775807]}}"#,
            "data_offsets of tensor 'a'"
        ),
        (
            "overlap",
            #"{"a": {"dtype":"U8","shape":[6],"data_offsets":[0,6]}, "b": {"dtype":"U8","shape":[4],"data_offsets":[4,8]}}"#,
            "data_offsets of tensor 'b'"
        ),
        (
            "a gap",
            #"{"a": {"dtype":"U8","shape":[2],"data_offsets":[0,2]}, "b": {"dtype":"U8","shape":[4],"data_offsets":[4,8]}}"#,
            "data_offsets of tensor 'b'"
        ),
        ("bytes of no tensor", #"{"a": {"dtype":"U8","shape":[4],"data_offsets":[0,4]}}"#, "end of the data"),
        ("no type", #"{"a": {"shape":[8],"data_offsets":[0,8]}}"#, "tensor 'a'"),
        ("no shape", #"{"a": {"dtype":"U8","data_offsets":[0,8]}}"#, "tensor 'a'"),
        ("no places", #"{"a": {"dtype":"U8","shape":[8]}}"#, "tensor 'a'"),
        ("a tensor that is a number", #"{"a": 8}"#, "tensor 'a'"),
        ("a note that is no string", #"{"__metadata__": {"x": 1}}"#, "'__metadata__' 'x'"),
        ("an array", "[]", "header"),
        ("text after the header", "{} {}", "header"),
        ("depth", #"{"a": {"x": "# + String(repeating: "[", count: 100_000) + "}}", "'x' of tensor 'a'"),
    ]

    @Test("lies are refused where they stand", arguments: 0..<lies.count)
    func lie(index: Int) {
        let lie = Self.lies[index]
        #expect(refusal(lie.header)?.field == lie.field, "\(lie.what): \(String(describing: refusal(lie.header)))")
    }

    @Test("an error says what was found and what was wanted")
    func message() {
        #expect(
            refusal(#"{"a": {"dtype":"F31","shape":[2],"data_offsets":[0,8]}}"#)?.description
                == "sample.gguf: dtype of tensor 'a' at byte 23: found 'F31', wanted one of BOOL, U8, I8, F8_E5M2, "
                + "F8_E4M3, I16, U16, F16, BF16, I32, U32, F32, F64, I64, U64")
    }
}

/// Broken files end in an error or in a file that is safe to read: never in a trap, or a byte from beyond the file.
@Suite("Broken safetensors files")
struct SafetensorsFuzzTests {
    private func exercise(_ bytes: [UInt8]) -> Bool {
        guard let file = try? SafetensorsFile(file: guardedFile(bytes)) else { return false }
        var sum = 0
        for tensor in file.tensors.values {
            sum &+= tensor.bytes.reduce(0) { $0 &+ Int($1) }
            sum &+= (try? tensor.floats())?.count ?? 0
        }
        return sum != .min
    }

    @Test("truncation at every byte is an error")
    func truncation() throws {
        let bytes = try SafetensorsSample.read()
        #expect((0..<bytes.count).filter { exercise(Array(bytes[..<$0])) } == [])
    }

    @Test("any change of any one byte of the header does no harm")
    func mutations() throws {
        let bytes = try SafetensorsSample.read()
        let headerCount = Int(bytes[0]) + 256 * Int(bytes[1]) + 8
        var (tried, refused) = (0, 0)
        for at in 0..<headerCount {
            // Each bit, and each character that means something.
            let values = (0..<8).map { bytes[at] ^ (1 << $0) } + Array("\"\\{}[]:,-09. \0".utf8) + [0xff]
            for value in values where value != bytes[at] {
                var changed = bytes
                changed[at] = value
                tried += 1
                if !exercise(changed) { refused += 1 }
            }
        }
        // Many bytes of names may be others.
        #expect(refused > tried / 2)
    }

    @Test("a thousand headers with a piece of another one pasted in do no harm")
    func pasted() throws {
        let bytes = try SafetensorsSample.read()
        let headerCount = Int(bytes[0]) + 256 * Int(bytes[1]) + 8
        let seed: UInt64 = 0x5eed_a7
        print("safetensors headers: seed \(seed)")
        var random = SplitMix(seed: seed)
        var refused = 0
        for _ in 0..<1000 {
            var changed = bytes
            let count = Int.random(in: 1...40, using: &random)
            let from = Int.random(in: 8..<headerCount - count, using: &random)
            let to = Int.random(in: 8..<headerCount - count, using: &random)
            changed.replaceSubrange(to..<to + count, with: bytes[from..<from + count])
            if !exercise(changed) { refused += 1 }
        }
        #expect(refused > 800)
    }
}

enum SafetensorsSample {
    static let path = Fixture.repository.appending(path: "Tests/Fixtures/safetensors/sample.safetensors").path

    static func read() throws -> [UInt8] { try Array(Data(contentsOf: URL(fileURLWithPath: path))) }

    /// A file with this header and `data` zeros.
    static func bytes(header: String, data: Int) -> [UInt8] {
        withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) } + Array(header.utf8)
            + [UInt8](repeating: 0, count: data)
    }
}
