import Foundation
import Testing

@testable import LlamaEngine

/// An adapter of `Tests/Fixtures/adapters`, with the logits that PEFT gives for its base's prompt
/// (`Scripts/reference/make_tiny_adapters.py`).
struct TinyAdapter: Decodable, Sendable, CustomTestStringConvertible {
    let name: String
    /// The tiny model that it is for.
    let base: String

    var testDescription: String { name }

    static let folder = TinyModel.folder.deletingLastPathComponent().appending(path: "adapters")

    static let all: [TinyAdapter] = {
        do {
            let data = try Data(contentsOf: folder.appending(path: "manifest.json"))
            return try JSONDecoder().decode([TinyAdapter].self, from: data)
        } catch {
            preconditionFailure("Tests/Fixtures/adapters/manifest.json: \(error)")
        }
    }()

    static func named(_ name: String) throws -> TinyAdapter {
        guard let adapter = all.first(where: { $0.name == name }) else { throw CocoaError(.fileNoSuchFile) }
        return adapter
    }

    var path: String { Self.folder.appending(path: name).path }

    func load(for model: Model) throws -> Adapter {
        try Adapter(peftFolder: path, for: model)
    }

    /// [rows of the base's reference, vocabulary]
    func referenceLogits() throws -> [Float] {
        try TinyModel.floats(Self.folder.appending(path: "\(name).logits.bin"))
    }
}
