import Foundation
import ProviderKit

/// A copy of a tiny folder of Tests/Fixtures with a vocabulary of single bytes and ChatML's end of turn; deleted with
/// the last reference.
final class ReleasedFolder {
    let url = FileManager.default.temporaryDirectory.appending(path: "released-\(UUID().uuidString)")
    private let whole = FileManager.default.temporaryDirectory.appending(path: "released-\(UUID().uuidString)")

    init() throws {
        let fixture = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appending(
            path: "Fixtures/folders/qwen3")
        try FileManager.default.copyItem(at: fixture, to: whole)
        try write("tokenizer.json", Self.tokenizer)
        try write(
            "tokenizer_config.json", ["eos_token": "<|im_end|>", "chat_template": "{{ messages[0]['content'] }}"])
        try FileManager.default.copyItem(at: whole, to: url)
    }

    deinit {
        try? FileManager.default.removeItem(at: url)
        try? FileManager.default.removeItem(at: whole)
    }

    /// A file of it as it was.
    func copy(of name: String) -> URL { whole.appending(path: name) }

    private func write(_ name: String, _ json: JSON) throws {
        try Data(json.bytes).write(to: whole.appending(path: name))
    }

    private static var tokenizer: JSON {
        var vocabulary: JSONObject = [:]
        // In the order of GPT-2's byte alphabet: visible characters first.
        let visible = (0..<256).filter { (0x21...0x7E).contains($0) || (0xA1...0xAC).contains($0) || $0 >= 0xAE }
        for (id, scalar) in (visible + (0x100..<0x144)).enumerated() {
            vocabulary[UnicodeScalar(UInt32(scalar)).map { String(Character($0)) } ?? ""] = .integer(Int64(id))
        }
        return [
            "added_tokens": [["id": 256, "content": "<|im_end|>", "special": true]],
            "normalizer": ["type": "Sequence", "normalizers": []],
            "pre_tokenizer": ["type": "ByteLevel", "add_prefix_space": false],
            "model": ["type": "BPE", "vocab": .object(vocabulary), "merges": []],
        ]
    }
}
