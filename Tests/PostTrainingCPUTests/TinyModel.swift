import Foundation
import ModelFixtures

/// A model of two layers with random weights: a token for each byte, ChatML's control tokens, tied head. It learns in
/// milliseconds.
struct TinyModel {
    var seed: UInt64 = 1
    var contextTokens: UInt32 = 512
    var architecture = "llama"
    /// Of a mixture of experts; 0: a dense model.
    var experts = 0
    /// In the place of a number of the last layer's values.
    var strange: Float?
    /// nil: the vocabulary alone says how turns are written.
    var template: String? = Self.template
    var controls = ["<|im_start|>", "<|im_end|>"]
    /// The place in `controls` of the token that ends a turn.
    var end = 1

    static let hidden = 64
    static let template = """
        {% for message in messages %}<|im_start|>{{ message['role'] }}
        {{ message['content'] }}<|im_end|>
        {% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
        {% endif %}
        """

    func write(to path: String) throws { try Data(encoded()).write(to: URL(fileURLWithPath: path)) }

    private func encoded() -> [UInt8] {
        var file = GGUFWriter()
        var random = SplitMix(seed: seed)
        let spellings = (UInt8.min...UInt8.max).map(Self.spelling) + controls
        file.add("general.architecture", architecture)
        file.add("general.name", "tiny")
        for (key, value) in [
            ("block_count", 2), ("embedding_length", UInt32(Self.hidden)), ("feed_forward_length", 96),
            ("context_length", contextTokens), ("attention.head_count", 2), ("attention.head_count_kv", 1),
        ] { file.add("\(architecture).\(key)", value) }
        file.add("\(architecture).attention.layer_norm_rms_epsilon", Float(1e-5))
        if experts > 0 {
            file.add("\(architecture).expert_count", UInt32(experts))
            file.add("\(architecture).expert_used_count", UInt32(1))
        }
        file.add("tokenizer.ggml.model", "gpt2")
        file.add("tokenizer.ggml.pre", "smollm")
        file.add("tokenizer.ggml.tokens", spellings)
        file.add("tokenizer.ggml.token_type", [Int32](repeating: 1, count: 256) + controls.map { _ in 3 })
        file.add("tokenizer.ggml.merges", [String]())
        file.add("tokenizer.ggml.bos_token_id", UInt32(256))
        file.add("tokenizer.ggml.eos_token_id", UInt32(256 + end))
        if let template { file.add("tokenizer.chat_template", template) }
        func matrix(_ name: String, _ inputs: Int, _ outputs: Int, largest: Float = 0.125) {
            var numbers = (0..<inputs * outputs).map { _ in Float(random.below(2_001) - 1_000) / 1_000 * largest }
            if let strange, name == "blk.1.attn_v.weight" { numbers[0] = strange }
            file.addTensor(name, [inputs, outputs], numbers)
        }
        let ones = [Float](repeating: 1, count: Self.hidden)
        // Large enough for a tied head to be sure of a token.
        matrix("token_embd.weight", Self.hidden, spellings.count, largest: 0.5)
        for layer in 0..<2 {
            file.addTensor("blk.\(layer).attn_norm.weight", [Self.hidden], ones)
            matrix("blk.\(layer).attn_q.weight", Self.hidden, Self.hidden)
            matrix("blk.\(layer).attn_k.weight", Self.hidden, 32)
            matrix("blk.\(layer).attn_v.weight", Self.hidden, 32)
            matrix("blk.\(layer).attn_output.weight", Self.hidden, Self.hidden)
            file.addTensor("blk.\(layer).ffn_norm.weight", [Self.hidden], ones)
            if experts > 0 { matrix("blk.\(layer).ffn_gate_inp.weight", Self.hidden, experts) }
            for expert in experts == 0 ? [""] : (0..<experts).map({ ".\($0)" }) {
                matrix("blk.\(layer).ffn_gate\(expert).weight", Self.hidden, 96)
                matrix("blk.\(layer).ffn_up\(expert).weight", Self.hidden, 96)
                matrix("blk.\(layer).ffn_down\(expert).weight", 96, Self.hidden)
            }
        }
        file.addTensor("output_norm.weight", [Self.hidden], ones)
        return file.encoded().bytes
    }

    /// A byte as GPT-2's vocabularies spell it: a printable character.
    private static func spelling(_ byte: UInt8) -> String {
        func isPrintable(_ byte: UInt8) -> Bool {
            (33...126).contains(byte) || (161...172).contains(byte) || byte >= 174
        }
        let others = (UInt8.min...UInt8.max).filter { !isPrintable($0) }
        let place = others.firstIndex(of: byte).map { 256 + $0 } ?? Int(byte)
        return Unicode.Scalar(UInt32(place)).map { String(Character($0)) } ?? " "
    }
}
