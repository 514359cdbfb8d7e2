import Foundation
import ModelFixtures
import Testing

@testable import LlamaEngine

/// Texts, their reference vectors and a small encoder (`Scripts/reference/embeddings.py` writes them).
enum EncoderFixture {
    static let folder = Fixture.repository.appending(path: "Tests/Fixtures/embeddings")
    static let tiny = folder.appending(path: "tiny").path
    static let miniLM = "all-MiniLM-L6-v2"

    static func texts() throws -> [String] {
        try JSONDecoder().decode([String].self, from: Data(contentsOf: folder.appending(path: "texts.json")))
    }

    static func vectors(_ name: String) throws -> [[Float]] {
        let values = try Data(contentsOf: folder.appending(path: name)).withUnsafeBytes {
            $0.bindMemory(to: UInt32.self).map { Float(bitPattern: UInt32(littleEndian: $0)) }
        }
        let width = values.count / (try texts().count)
        return stride(from: 0, to: values.count, by: width).map { Array(values[$0..<$0 + width]) }
    }

    static func engine(_ path: String, _ precision: Precision, threads: Int = 2) throws -> EmbeddingEngine {
        let model = try EncoderModel(folder: EncoderFolder(path: path), precision: precision, threads: threads)
        return try EmbeddingEngine(model: model, threads: threads)
    }

    static func embed(_ texts: [String], _ engine: EmbeddingEngine) throws -> [[Float]] {
        let tokens = texts.map { engine.tokens(of: $0).tokens }
        return try EmbeddingEngine.passes(tokens.map(\.count)).flatMap { try engine.embed(tokens[$0]) }
    }

    /// 1 - cos, in double.
    static func distance(_ a: [Float], _ b: [Float]) -> Double {
        func dot(_ a: [Float], _ b: [Float]) -> Double { zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) } }
        return 1 - dot(a, b) / (dot(a, a) * dot(b, b)).squareRoot()
    }

    /// A copy of the small encoder's folder with its tensors changed, which are F16. `width` is the length of a
    /// tensor's rows.
    static func tiny(
        changingTensors change: (_ name: String, _ width: Int, _ values: inout [Float16]) -> Void
    ) throws -> String {
        struct Entry: Decodable {
            let shape: [Int]
            let data_offsets: [Int]
        }
        let copy = try tiny(changing: "config.json") { $0 }
        let file = URL(fileURLWithPath: copy).appending(path: "model.safetensors")
        var bytes = try Data(contentsOf: file)
        let start = 8 + bytes.prefix(8).enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
        var header = try JSONSerialization.jsonObject(with: bytes[8..<start]) as? [String: Any] ?? [:]
        header["__metadata__"] = nil
        for (name, entry) in header {
            let entry = try JSONDecoder().decode(Entry.self, from: JSONSerialization.data(withJSONObject: entry))
            let range = start + entry.data_offsets[0]..<start + entry.data_offsets[1]
            var values = bytes[range].withUnsafeBytes { bytes in
                stride(from: 0, to: bytes.count, by: 2).map {
                    bytes.loadUnaligned(fromByteOffset: $0, as: Float16.self)
                }
            }
            change(name, entry.shape.last ?? 1, &values)
            bytes.replaceSubrange(range, with: values.withUnsafeBytes { Data($0) })
        }
        try bytes.write(to: file)
        return copy
    }

    /// A copy of the small encoder's folder with one file changed.
    static func tiny(changing file: String, _ change: (String) -> String) throws -> String {
        let copy = FileManager.default.temporaryDirectory.appending(path: "encoder-\(UUID().uuidString)")
        try FileManager.default.copyItem(at: folder.appending(path: "tiny"), to: copy)
        let path = copy.appending(path: file)
        try Data(change(String(decoding: Data(contentsOf: path), as: UTF8.self)).utf8).write(to: path)
        return copy.path
    }
}
