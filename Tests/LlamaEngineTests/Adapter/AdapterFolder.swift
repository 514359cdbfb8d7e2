import Foundation

@testable import Checkpoints
@testable import LlamaEngine

/// A copy of a tiny adapter's folder in which something is changed. The copy goes with this object.
final class AdapterFolder {
    let url: URL
    let tiny: TinyAdapter

    init(_ tiny: TinyAdapter) throws {
        self.tiny = tiny
        url = FileManager.default.temporaryDirectory.appending(path: "adapter-\(UUID().uuidString)")
        try FileManager.default.copyItem(atPath: tiny.path, toPath: url.path)
    }

    deinit {
        try? FileManager.default.removeItem(at: url)
    }

    var configuration: URL { url.appending(path: "adapter_config.json") }
    var weights: URL { url.appending(path: "adapter_model.safetensors") }

    /// Replaces a member of the configuration by a value in JSON, or adds it.
    func set(_ key: String, _ value: String) throws {
        var object = try JSONSerialization.jsonObject(with: Data(contentsOf: configuration)) as? [String: Any] ?? [:]
        object[key] = try JSONSerialization.jsonObject(with: Data(value.utf8), options: .fragmentsAllowed)
        try JSONSerialization.data(withJSONObject: object).write(to: configuration)
    }

    /// Replaces the first occurrence of `text` in the weights' header; both must have the same length.
    func replace(_ text: String, with other: String) throws {
        precondition(text.utf8.count == other.utf8.count, "a replacement keeps the length")
        var data = try Data(contentsOf: weights)
        guard let range = data.range(of: Data(text.utf8)) else { throw CocoaError(.fileReadCorruptFile) }
        data.replaceSubrange(range, with: Data(other.utf8))
        try data.write(to: weights)
    }

    /// What is wrong with the folder, its path left out; nil when nothing is.
    func refusal(for model: Model) -> String? {
        do {
            _ = try Adapter(peftFolder: url.path, for: model)
            return nil
        } catch {
            return error.description.replacingOccurrences(of: url.path, with: "")
        }
    }
}
