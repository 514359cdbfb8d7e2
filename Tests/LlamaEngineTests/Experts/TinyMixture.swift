import Foundation
import Testing

@testable import Checkpoints
@testable import LlamaEngine
@testable import Parallel

/// A mixture of experts of Tests/Fixtures/experts, a GGUF file or a folder, with the logits that transformers computed
/// for it in f32 (Scripts/reference/make_tiny_experts.py).
struct TinyMixture: Decodable, Sendable, CustomTestStringConvertible {
    let name: String
    let isFolder: Bool
    let prompt: [Int32]
    /// Of the reference: those of the prompt's last tokens.
    let rows: Int

    enum CodingKeys: String, CodingKey {
        case name, prompt, rows
        case isFolder = "is_folder"
    }

    var testDescription: String { isFolder ? name + "/" : name }

    static let root = TinyModel.folder.deletingLastPathComponent().appending(path: "experts")

    static let all: [TinyMixture] = {
        do {
            return try JSONDecoder().decode(
                [TinyMixture].self, from: Data(contentsOf: root.appending(path: "manifest.json")))
        } catch {
            preconditionFailure("Tests/Fixtures/experts/manifest.json: \(error)")
        }
    }()

    static let files = all.filter { !$0.isFolder }

    static func named(_ name: String) throws -> TinyMixture {
        guard let tiny = all.first(where: { $0.name == name }) else { throw CocoaError(.fileNoSuchFile) }
        return tiny
    }

    var path: String { Self.root.appending(path: isFolder ? name : name + ".gguf").path }

    func load(_ precision: Precision = .exact) throws -> Model { try Model(path: path, precision: precision) }

    func referenceLogits() throws -> [Float] {
        try TinyModel.floats(Self.root.appending(path: "\(name).logits.bin"))
    }

    /// A GGUF file to be changed.
    func patched() throws -> PatchedFile { try PatchedFile(path, name: name) }
}
