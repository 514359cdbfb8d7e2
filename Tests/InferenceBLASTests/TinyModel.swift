import Checkpoints
import Foundation
import Testing

/// The checkpoints of Tests/Fixtures/models: every architecture, and every type of weights.
struct TinyModel: Decodable, Sendable, CustomTestStringConvertible {
    let name: String
    let prompt: [Int32]
    /// Position of the first token whose logits an adapter's reference has.
    let firstRow: Int

    enum CodingKeys: String, CodingKey {
        case name, prompt
        case firstRow = "first_row"
    }

    var testDescription: String { name }

    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/models")

    static let all: [TinyModel] = ["manifest.json", "families.json"].flatMap { name in
        do {
            return try JSONDecoder().decode([TinyModel].self, from: Data(contentsOf: folder.appending(path: name)))
        } catch {
            preconditionFailure("Tests/Fixtures/models/\(name): \(error)")
        }
    }

    static func folder(_ name: String) throws -> ModelCheckpoint {
        try ModelCheckpoint.open(path: folder.deletingLastPathComponent().appending(path: "folders/\(name)").path)
    }

    /// A mixture of experts of Tests/Fixtures/experts, a GGUF file or a folder.
    static func mixture(_ name: String) throws -> ModelCheckpoint {
        try ModelCheckpoint.open(path: folder.deletingLastPathComponent().appending(path: "experts/\(name)").path)
    }

    func checkpoint() throws -> ModelCheckpoint {
        try ModelCheckpoint.open(path: Self.folder.appending(path: "\(name).gguf").path)
    }
}
