import CKernels
import Foundation
import ModelFixtures
import Testing

@testable import Checkpoints

@Suite("GGUF files")
struct GGUFFileTests {
    private func open(_ writer: GGUFWriter, limits: GGUFLimits = GGUFLimits()) throws -> GGUFFile {
        try GGUFFile(file: guardedFile(writer.encoded().bytes), limits: limits)
    }

    private func refusal(_ change: (inout GGUFWriter) -> Void) -> CheckpointError? {
        var writer = GGUFWriter.sample()
        change(&writer)
        do {
            _ = try open(writer)
            return nil
        } catch {
            return error as? CheckpointError
        }
    }

    @Test("metadata of every kind is read back")
    func metadata() throws {
        let file = try open(.sample())
        #expect(try file.string("general.architecture") == "llama")
        #expect(try file.int("llama.block_count") == 2)
        #expect(try file.int("llama.context_length") == 8192)
        #expect(try file.int("example.negative") == -7)
        #expect(try file.float("llama.rope.freq_base") == 100_000)
        #expect(try file.bool("tokenizer.ggml.add_bos_token") == false)
        #expect(try file.floats("tokenizer.ggml.scores") == (0..<40).map { Float($0) / 4 })
        #expect(try file.ints("tokenizer.ggml.token_type") == Array(0..<40))
        #expect(try file.string("no.such.key") == nil)
    }

    @Test("the strings of an array are spans of the file")
    func strings() throws {
        let tokens = try open(.sample()).requiredStrings("tokenizer.ggml.tokens")
        #expect(tokens.count == 120)
        #expect(
            (0..<tokens.count).map { String(decoding: tokens[$0], as: UTF8.self) } == (0..<120).map { "token-\($0)" })
    }

    @Test("a tensor's bytes are the ones that were written")
    func tensor() throws {
        let file = try open(.sample())
        let tensor = try #require(file.tensor(named: "blk.3.attn_norm.weight"))
        var values = [Float](repeating: 0, count: 16)
        lk_dequantize_row(tensor.type, tensor.bytes.baseAddress, &values, 16)
        #expect(values == (0..<16).map { Float($0 + 3) })
        let quantised = try #require(file.tensor(named: "blk.7.attn_q.weight"))
        #expect(
            quantised.type == LK_Q4_0 && quantised.dimensions == [64, 4] && quantised.bytes.count == 144
                && quantised.elementCount == 256)
    }

    @Test("version 2 is read like version 3")
    func version2() throws {
        var writer = GGUFWriter.sample()
        writer.version = 2
        #expect(try open(writer).version == 2)
    }

    @Test("a value of another kind is refused with its key and what it is")
    func kinds() throws {
        let file = try open(.sample())
        let error = #expect(throws: CheckpointError.self) { try file.int("general.architecture") }
        #expect(
            error?.description
                == "sample.gguf: metadata 'general.architecture': found the string 'llama', wanted an integer")
    }

    @Test("a file of another format is refused at its first bytes")
    func magic() {
        let error = #expect(throws: CheckpointError.self) {
            try GGUFFile(file: guardedFile(Array("PK\u{3}\u{4}0000".utf8)))
        }
        #expect(
            error?.description
                == "sample.gguf: magic number at byte 0: found 0x4034b50: a ZIP archive, as torch saves weights, wanted 'GGUF' (is this a GGUF file?)"
        )
    }

    @Test("other versions and byte orders are refused", arguments: [1, 4, UInt32(3).byteSwapped])
    func versions(version: UInt32) {
        #expect(refusal { $0.version = version }?.field == "version")
    }

    @Test("counts beyond the file are refused before anything is reserved", arguments: [UInt64.max, 1 << 63, 60_000])
    func counts(claimed: UInt64) {
        #expect(refusal { $0.claimedKeys = claimed }?.field == "metadata count")
        #expect(refusal { $0.claimedTensors = claimed }?.field == "tensor count")
    }

    @Test("a key that comes twice is refused")
    func duplicateKey() {
        #expect(refusal { $0.add("llama.block_count", UInt32(3)) }?.found == "'llama.block_count' again")
    }

    @Test("a tensor name that comes twice is refused")
    func duplicateTensor() {
        #expect(
            refusal { $0.addTensor("blk.0.attn_norm.weight", [1], [0]) }?.found == "'blk.0.attn_norm.weight' again")
    }

    @Test("tensors that share bytes are refused")
    func overlap() {
        let error = refusal { $0.add(.init(name: "thief", type: 0, dimensions: [8], data: [], offset: 0)) }
        #expect(error?.wanted.hasPrefix("a place apart from tensor") == true)
    }

    @Test(
        "a tensor beyond the end of the file is refused", arguments: [UInt64(1) << 20, 1 << 62, 0xffff_ffff_ffff_ffe0])
    func beyond(offset: UInt64) {
        let error = refusal { $0.add(.init(name: "far", type: 0, dimensions: [8], data: [], offset: offset)) }
        #expect(error?.field == "offset of tensor 'far'")
    }

    @Test("an offset off the alignment is refused")
    func unaligned() {
        let error = refusal { $0.add(.init(name: "odd", type: 0, dimensions: [1], data: [0, 0, 0, 0], offset: 3)) }
        #expect(error?.wanted == "a multiple of the alignment, 32")
    }

    @Test(
        "impossible shapes are refused",
        arguments: [[0], [4, 0], [1 << 63], [1 << 40, 1 << 40], [1 << 62, 4], [1 << 61, 1], [], [1, 1, 1, 1, 1]]
            as [[UInt64]])
    func shapes(dimensions: [UInt64]) {
        #expect(refusal { $0.add(.init(name: "bad", type: 0, dimensions: dimensions, data: [], offset: nil)) } != nil)
    }

    @Test("a row that is not a whole number of blocks is refused")
    func partBlock() {
        let error = refusal { $0.add(.init(name: "part", type: 2, dimensions: [48], data: [], offset: nil)) }
        #expect(error?.wanted == "a multiple of 32, the block of its type")
    }

    @Test("an unknown element type is refused with the known ones", arguments: [4, 5, 9, 31, UInt32.max])
    func unknownType(type: UInt32) {
        let error = refusal { $0.add(.init(name: "new", type: type, dimensions: [256], data: [], offset: nil)) }
        #expect(error?.field == "type of tensor 'new'" && error?.found == "\(type)")
    }

    @Test("an alignment that is not a power of two is refused", arguments: [0, 3, 48, UInt32(1) << 31])
    func alignment(value: UInt32) {
        var writer = GGUFWriter()
        writer.add("general.alignment", value)
        let error = #expect(throws: CheckpointError.self) { try open(writer) }
        #expect(error?.field == "metadata 'general.alignment'")
    }

    @Test("another alignment places the data")
    func otherAlignment() throws {
        var writer = GGUFWriter()
        writer.alignment = 256
        writer.add("general.alignment", UInt32(256))
        writer.addTensor("a", [2], [1, 2])
        writer.addTensor("b", [1], [3])
        let file = try open(writer)
        #expect(file.dataOffset == 256 && file.tensor(named: "b")?.byteRange == 512..<516)
    }

    @Test("a bool that is neither true nor false is refused")
    func badBool() {
        #expect(refusal { $0.add("example.flag", type: 7, bytes: [2]) }?.wanted == "0 or 1 for a bool")
    }

    @Test("metadata of an unknown type is refused", arguments: [13, 255, UInt32.max])
    func badType(type: UInt32) {
        #expect(refusal { $0.add("example.odd", type: type, bytes: []) }?.field == "type of metadata 'example.odd'")
    }

    @Test("a string that claims more than the file is refused")
    func longString() {
        let error = refusal { $0.add("example.text", type: 8, bytes: GGUFWriter.little(UInt64.max)) }
        #expect(error?.field == "length of metadata 'example.text'")
    }

    @Test("a string that ends beyond the file is refused, however little", arguments: 1...16)
    func lastString(missing: Int) {
        var array = GGUFWriter(), single = GGUFWriter(), numbers = GGUFWriter()
        array.alignment = 1
        array.add("general.alignment", UInt32(1))
        single = array
        numbers = array
        array.add("example.words", ["first", "the last one of all"])
        single.add("example.word", "the last one of all")
        numbers.add("example.numbers", (0..<8).map { Float($0) })
        for writer in [array, single, numbers] {
            let bytes = writer.encoded().bytes
            #expect(throws: CheckpointError.self) { try GGUFFile(file: guardedFile(bytes.dropLast(missing))) }
            #expect(throws: Never.self) { try GGUFFile(file: guardedFile(bytes)) }
        }
    }

    @Test("text that is not UTF-8 is refused where text is wanted")
    func notText() throws {
        var writer = GGUFWriter()
        writer.add("example.text", type: 8, bytes: GGUFWriter.string([0xff, 0xfe]))
        let file = try open(writer)
        #expect(throws: CheckpointError.self) { try file.string("example.text") }
    }

    @Test("each limit is held")
    func limits() {
        var keys = GGUFLimits(), strings = GGUFLimits(), arrays = GGUFLimits(), tensors = GGUFLimits()
        var header = GGUFLimits()
        keys.metadataKeysMax = 9
        strings.stringBytesMax = 4
        arrays.arrayItemsMax = 119
        tensors.tensorsMax = 15
        header.headerBytesMax = 1000
        let named = [
            "metadataKeysMax": keys, "stringBytesMax": strings, "arrayItemsMax": arrays, "tensorsMax": tensors,
            "headerBytesMax": header,
        ]
        for (name, limits) in named {
            let error = #expect(throws: CheckpointError.self) { try open(.sample(), limits: limits) }
            #expect(error?.wanted.contains(name) == true, "\(name): \(error.map(\.description) ?? "")")
        }
    }

    @Test("control characters of a file do not reach a message")
    func cleanMessages() {
        let error = refusal { $0.add("evil\u{1b}[2Jkey\n", type: 99, bytes: []) }
        #expect(error?.description.contains("\u{1b}") == false && error?.description.contains("\n") == false)
    }

    @Test("a folder, an empty file and no file are refused by path")
    func paths() throws {
        let folder = FileManager.default.temporaryDirectory
        let empty = folder.appendingPathComponent("\(UUID()).gguf")
        try Data().write(to: empty)
        defer { try? FileManager.default.removeItem(at: empty) }
        for path in [folder.path, empty.path, folder.appendingPathComponent("none-\(UUID())").path] {
            let error = #expect(throws: CheckpointError.self) { try GGUFFile.open(path: path) }
            #expect(error?.path == path)
        }
    }

    @Test("a file on disk is read like one in memory")
    func onDisk() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).gguf")
        try Data(GGUFWriter.sample().encoded().bytes).write(to: url)
        defer { try? FileManager.default.removeItem(at: url) }
        let file = try GGUFFile.open(path: url.path)
        #expect(file.tensors.count == 16 && file.keys.count == 10)
    }
}
