import Foundation
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

    /// A copy of the small encoder's folder with one file changed.
    static func tiny(changing file: String, _ change: (String) -> String) throws -> String {
        let copy = FileManager.default.temporaryDirectory.appending(path: "encoder-\(UUID().uuidString)")
        try FileManager.default.copyItem(at: folder.appending(path: "tiny"), to: copy)
        let path = copy.appending(path: file)
        try Data(change(String(decoding: Data(contentsOf: path), as: UTF8.self)).utf8).write(to: path)
        return copy.path
    }
}
