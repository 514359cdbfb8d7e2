import Foundation
import Testing

@testable import Checkpoints
@testable import LlamaEngine

/// A folder of Tests/Fixtures/folders with the logits that transformers computed for it in f32
/// (Scripts/reference/make_tiny_folders.py, make_tiny_families.py).
struct TinyFolder: Decodable, Sendable, CustomTestStringConvertible {
    let name: String
    let prompt: [Int32]
    /// Rows of the reference: those of the prompt's last tokens.
    let rows: Int
    /// Positions that it is served with; nil: all that it has.
    let contextTokens: Int?

    enum CodingKeys: String, CodingKey {
        case name, prompt, rows
        case contextTokens = "context_tokens"
    }

    var testDescription: String { name }

    static let root = TinyModel.folder.deletingLastPathComponent().appending(path: "folders")

    static let all: [TinyFolder] = ["manifest.json", "families.json"].flatMap { name in
        do {
            return try JSONDecoder().decode([TinyFolder].self, from: Data(contentsOf: root.appending(path: name)))
        } catch {
            preconditionFailure("Tests/Fixtures/folders/\(name): \(error)")
        }
    }

    var path: String { Self.root.appending(path: name).path }

    func referenceLogits() throws -> [Float] {
        try TinyModel.floats(Self.root.appending(path: "\(name).logits.bin"))
    }
}

/// Logits reach 16 to 45.
@Suite struct FolderLogitsTests {
    @Test("a folder's logits are those of transformers", arguments: TinyFolder.all)
    func exact(_ tiny: TinyFolder) throws {
        let model = try Model(ModelCheckpoint.open(path: tiny.path), contextTokensMax: tiny.contextTokens)
        let (decoder, cache) = try Decoder.make(model, .exact)
        let logits = try decoder.allLogits(tiny.prompt, chunk: 64, cache: cache)
        let wanted = try tiny.referenceLogits()
        #expect(wanted.count == tiny.rows * model.configuration.vocabulary)
        let difference = largestDifference(logits.suffix(wanted.count), wanted)
        print("\(tiny.name): largest difference \(difference)")
        #expect(difference < 1e-3)
    }
}
