import Foundation
import ModelFixtures
import Testing

@testable import Checkpoints
@testable import LlamaEngine

/// The parts of Tests/Fixtures/gguf/split (Scripts/reference/split_gguf.py), to be changed; deleted with the last
/// reference.
private final class Parts {
    let url = FileManager.default.temporaryDirectory.appending(path: "parts-\(UUID().uuidString)")

    init() throws {
        try FileManager.default.copyItem(
            at: TinyFolder.root.deletingLastPathComponent().appending(path: "gguf/split"), to: url)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func name(_ number: Int, of count: Int = 3) -> String { "tiny-0000\(number)-of-0000\(count).gguf" }

    func place(_ name: String) -> URL { url.appending(path: name) }

    /// Sets the first byte of a number of the metadata, which lies behind its key and its type.
    func set(_ key: String, to value: UInt8, in name: String) throws {
        var bytes = try Data(contentsOf: place(name))
        let key = try #require(bytes.range(of: Data(key.utf8)))
        bytes[key.upperBound + 4] = value
        try bytes.write(to: place(name))
    }

    /// The error's text, with the folder's path left out.
    func refusal(_ name: String? = nil) -> String {
        do {
            _ = try ModelCheckpoint.open(path: place(name ?? self.name(1)).path)
            return "opened"
        } catch { return "\(error)".replacingOccurrences(of: url.path + "/", with: "") }
    }
}

@Suite("A GGUF model in parts")
struct SplitFileTests {
    @Test("has the logits of the file that was cut, to the bit", arguments: Precision.allCases)
    func logits(_ precision: Precision) throws {
        let tiny = try TinyModel.named("type-Q2_K")
        let parts = try Parts()
        let checkpoint = try ModelCheckpoint.open(path: parts.place(parts.name(1)).path)
        let whole = try ModelCheckpoint.open(path: tiny.path)
        #expect(checkpoint.files.count == 3)
        #expect(checkpoint.parameters == whole.parameters && checkpoint.tensors.count == whole.tensors.count)
        let (decoder, cache) = try Decoder.make(Model(checkpoint, precision: precision), precision)
        let (wanted, wantedCache) = try Decoder.make(tiny.load(precision), precision)
        #expect(
            try decoder.allLogits(tiny.prompt, chunk: 64, cache: cache)
                == wanted.allLogits(tiny.prompt, chunk: 64, cache: wantedCache))
    }

    @Test("is named by its first part; another part says which that is")
    func otherPart() throws {
        let parts = try Parts()
        #expect(
            parts.refusal(parts.name(2))
                == "tiny-00002-of-00003.gguf: model: found part 2 of 3, wanted the first part, "
                + "'tiny-00001-of-00003.gguf': it says what the model is, and the others are found beside it")
        try FileManager.default.moveItem(at: parts.place(parts.name(1)), to: parts.place("model.gguf"))
        #expect(
            parts.refusal("model.gguf").contains("found 'model.gguf', which is part 1 of 3, wanted a name that ends"))
    }

    @Test("names the parts that are missing, all at once")
    func missing() throws {
        let parts = try Parts()
        try FileManager.default.removeItem(at: parts.place(parts.name(3)))
        #expect(
            parts.refusal()
                == "tiny-00001-of-00003.gguf: parts: found no 'tiny-00003-of-00003.gguf', wanted all 3 parts in one "
                + "folder (was all of the model fetched?)")
        try FileManager.default.removeItem(at: parts.place(parts.name(2)))
        #expect(parts.refusal().contains("no 'tiny-00002-of-00003.gguf', 'tiny-00003-of-00003.gguf', wanted"))
    }

    @Test("whose parts do not belong together is refused with the part and the number")
    func strangers() throws {
        var parts = try Parts()
        try parts.set("split.no", to: 2, in: parts.name(2))
        #expect(parts.refusal().contains("tiny-00002-of-00003.gguf: metadata 'split.no': found 2, wanted 1"))
        parts = try Parts()
        try parts.set("split.count", to: 4, in: parts.name(3))
        #expect(parts.refusal().contains("tiny-00003-of-00003.gguf: metadata 'split.count': found 4, wanted 3"))
        parts = try Parts()
        for number in 1...3 { try parts.set("split.tensors.count", to: 99, in: parts.name(number)) }
        #expect(
            parts.refusal().contains("'split.tensors.count': found 99, and 11 tensors in the 3 parts, wanted as many"))
        parts = try Parts()
        try parts.set("split.tensors.count", to: 99, in: parts.name(2))
        #expect(
            parts.refusal().contains("tiny-00002-of-00003.gguf: metadata 'split.tensors.count': found 99, wanted 11"))
        parts = try Parts()
        try parts.set("split.count", to: 2, in: parts.name(1))
        #expect(parts.refusal().contains("wanted a name that ends with -00001-of-00002.gguf"))
    }

    @Test("with a tensor in two parts is refused by both names")
    func twice() throws {
        let parts = try Parts()
        try FileManager.default.removeItem(at: parts.place(parts.name(2)))
        try FileManager.default.copyItem(at: parts.place(parts.name(1)), to: parts.place(parts.name(2)))
        try parts.set("split.no", to: 1, in: parts.name(2))
        #expect(parts.refusal().contains("it in 'tiny-00001-of-00003.gguf' too, wanted each tensor in one part"))
    }

    @Test("with a part that is cut short or no GGUF file is refused by that part")
    func broken() throws {
        let parts = try Parts()
        let second = parts.place(parts.name(2))
        let bytes = try Data(contentsOf: second)
        try bytes.prefix(bytes.count - 64).write(to: second)
        #expect(parts.refusal().hasPrefix("tiny-00002-of-00003.gguf: offset of tensor"))
        try Data("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n".utf8).write(to: second)
        #expect(parts.refusal().hasPrefix("tiny-00002-of-00003.gguf: file: found a Git LFS pointer"))
    }
}
