import Foundation
import Testing

@testable import LlamaEngine

/// Folders that are no encoder, or not the one that they claim to be: refused with the file and the key, never a trap.
@Suite("Encoders that can't be loaded")
struct BadEncoderTests {
    @Test(
        "a configuration that can't be is refused with its key",
        arguments: [
            ("model_type", #""gpt2""#, "found 'gpt2', wanted 'bert'"),
            ("hidden_act", #""relu""#, "found 'relu', wanted 'gelu'"),
            ("position_embedding_type", #""relative_key""#, "position_embedding_type: found 'relative_key'"),
            ("is_decoder", "true", "is_decoder: found true"),
            ("hidden_size", "0", "hidden_size: found 0"), ("hidden_size", "-64", "hidden_size: found -64"),
            ("hidden_size", "63", "wanted a multiple of 32"), ("hidden_size", "64.5", "hidden_size: found 64.5"),
            ("hidden_size", "1e300", "hidden_size"), ("hidden_size", #""64""#, "found '64'"),
            ("hidden_size", "32", "shape of tensor"), ("hidden_size", "32768", "shape of tensor"),
            ("intermediate_size", "128", "shape of tensor 'bert.encoder.layer.0.intermediate.dense.weight'"),
            ("num_hidden_layers", "3", "tensor 'bert.encoder.layer.2.attention.self.query.weight': found nothing"),
            ("num_hidden_layers", "9223372036854775807", "num_hidden_layers"),
            ("num_attention_heads", "0", "num_attention_heads: found 0"),
            ("num_attention_heads", "5", "wanted a divisor of hidden_size = 64"),
            ("vocab_size", "10", "but vocab_size is 10"),
            ("vocab_size", "4000", "shape of tensor 'bert.embeddings.word_embeddings.weight'"),
            ("max_position_embeddings", "49", "shape of tensor 'bert.embeddings.position_embeddings.weight'"),
            ("type_vocab_size", "1", "shape of tensor 'bert.embeddings.token_type_embeddings.weight'"),
            ("layer_norm_eps", "0", "layer_norm_eps: found 0"),
            ("layer_norm_eps", "null", "layer_norm_eps: found null"),
        ])
    func configuration(key: String, value: String, problem: String) throws {
        let path = try EncoderFixture.tiny(changing: "config.json") { text in
            let known = text.range(of: #""\#(key)": [^,\n]*"#, options: .regularExpression)
            guard let known else { return text.replacing("{", with: "{\"\(key)\": \(value),", maxReplacements: 1) }
            return text.replacingCharacters(in: known, with: "\"\(key)\": \(value)")
        }
        try expectRefusal(path, problem)
    }

    @Test(
        "a file that is not what it should be is refused with its name",
        arguments: [
            ("config.json", "", "config.json"), ("config.json", "[1]", "found an array"),
            ("config.json", "{\"model_type\": \"bert\"", "config.json"),
            ("config.json", String(repeating: "[", count: 100_000), "config.json"),
            ("vocab.txt", "[UNK]\n[CLS]\n[SEP]\n" + (0..<3000).map { "w\($0)\n" }.joined(), "but vocab_size is"),
            ("vocab.txt", "a\nb\n", "has no token '[UNK]'"), ("model.safetensors", "not a model", "safetensors"),
            ("1_Pooling/config.json", "{\"pooling_mode_max_tokens\": true}", "found pooling_mode_max_tokens"),
        ])
    func file(name: String, content: String, problem: String) throws {
        try expectRefusal(EncoderFixture.tiny(changing: name) { _ in content }, problem)
    }

    @Test("a folder that is none, or holds no encoder, is told apart")
    func kind() throws {
        #expect(EncoderFolder.isEncoder(EncoderFixture.tiny))
        #expect(!EncoderFolder.isEncoder("/no/such/folder"))
        #expect(!EncoderFolder.isEncoder(EncoderFixture.tiny + "/vocab.txt"))
        let other = try EncoderFixture.tiny(changing: "config.json") { $0.replacing("bert", with: "llama") }
        defer { try? FileManager.default.removeItem(atPath: other) }
        #expect(!EncoderFolder.isEncoder(other))
    }

    private func expectRefusal(_ path: String, _ problem: String) throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        let error = #expect(throws: (any Error).self) {
            try EncoderModel(folder: EncoderFolder(path: path), precision: .quantized, threads: 1)
        }
        #expect(error.map { "\($0)".contains(problem) } == true, "\(error.map { "\($0)" } ?? "none")")
    }
}
