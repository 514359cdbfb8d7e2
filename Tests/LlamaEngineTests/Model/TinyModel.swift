import Foundation
import Testing

@testable import Checkpoints
@testable import LlamaEngine
@testable import Parallel

/// A checkpoint of Tests/Fixtures/models with the logits that transformers computed for it in f32
/// (Scripts/reference/make_tiny_models.py, make_tiny_families.py).
struct TinyModel: Decodable, Sendable, CustomTestStringConvertible {
    let name: String
    let architecture: String
    let type: String
    let prompt: [Int32]
    /// Position of the first row of the reference, and how many there are.
    let firstRow: Int
    let rows: Int
    /// Positions that it is served with; nil: all that it has.
    let contextTokens: Int?

    enum CodingKeys: String, CodingKey {
        case name, architecture, type, prompt, rows
        case firstRow = "first_row"
        case contextTokens = "context_tokens"
    }

    var testDescription: String { name }

    static let folder = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/models")

    static let all: [TinyModel] = listed(in: "manifest.json") + families

    /// Those of families that depart from llama.
    static let families: [TinyModel] = listed(in: "families.json")

    private static func listed(in name: String) -> [TinyModel] {
        do {
            return try JSONDecoder().decode([TinyModel].self, from: Data(contentsOf: folder.appending(path: name)))
        } catch {
            preconditionFailure("Tests/Fixtures/models/\(name): \(error)")
        }
    }

    static func named(_ name: String) throws -> TinyModel {
        try #require(all.first { $0.name == name })
    }

    var path: String { Self.folder.appending(path: "\(name).gguf").path }

    func load(_ precision: Precision = .exact) throws -> Model {
        try Model(ModelCheckpoint.open(path: path), precision: precision, contextTokensMax: contextTokens)
    }

    /// [rows, vocabulary]
    func referenceLogits() throws -> [Float] {
        try Self.floats(Self.folder.appending(path: "\(name).logits.bin"))
    }

    /// A file of little-endian f32.
    static func floats(_ file: URL) throws -> [Float] {
        try Data(contentsOf: file).withUnsafeBytes { bytes in
            stride(from: 0, to: bytes.count, by: 4).map {
                Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: UInt32.self)))
            }
        }
    }
}

extension Decoder {
    /// A decoder with two threads and an empty cache for it.
    static func make(_ model: Model, _ precision: Precision) throws -> (Decoder, KVCache) {
        let decoder = Decoder(model: model, precision: precision, pool: try ThreadPool(threads: 2))
        return (decoder, decoder.makeCache())
    }

    /// Logits of every token of `tokens`, computed in chunks of `chunk`.
    func allLogits(_ tokens: [Int32], chunk: Int, cache: KVCache) throws -> [Float] {
        var logits: [Float] = []
        for start in stride(from: 0, to: tokens.count, by: chunk) {
            let part = tokens[start..<min(tokens.count, start + chunk)]
            logits += try run([Segment(tokens: part, cache: cache, logits: .all)])
        }
        return logits
    }
}

/// The largest |a - b|; infinite when the counts differ or something is not a number.
func largestDifference(_ a: some Collection<Float>, _ b: some Collection<Float>) -> Float {
    guard a.count == b.count else { return .infinity }
    return zip(a, b).reduce(0) { $1.0.isNaN || $1.1.isNaN ? .infinity : max($0, abs($1.0 - $1.1)) }
}
