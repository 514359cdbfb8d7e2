/// Names of the tensors of a layer's experts in one form of checkpoint, without the layer's prefix.
package struct ExpertNames: Sendable {
    /// The three products of one network.
    package struct Products: Sendable {
        package var gate: String
        package var up: String
        package var down: String

        package var all: [String] { [gate, up, down] }
    }

    /// [experts, hidden]
    package var router: String
    /// The matrices of all experts in one tensor, [experts, outputs, inputs].
    package var stacked: Products
    /// Gate and up of all experts in one tensor, [experts, 2 * width, hidden]: of each expert gate's rows first.
    package var stackedGateUp: String
    /// A tensor for each expert: `#` stands for its number.
    package var single: Products
    package var shared: Products
    /// The row by which the shared expert's output is weighed, [hidden] or [1, hidden].
    package var sharedGate: String

    package func expert(_ index: Int) -> Products {
        func name(_ pattern: String) -> String { pattern.replacing("#", with: "\(index)") }
        return Products(gate: name(single.gate), up: name(single.up), down: name(single.down))
    }

    /// The numbered names are those of files before April 2024 (llama.cpp).
    static let gguf = ExpertNames(
        router: "ffn_gate_inp.weight",
        stacked: Products(gate: "ffn_gate_exps.weight", up: "ffn_up_exps.weight", down: "ffn_down_exps.weight"),
        stackedGateUp: "ffn_gate_up_exps.weight",
        single: Products(gate: "ffn_gate.#.weight", up: "ffn_up.#.weight", down: "ffn_down.#.weight"),
        shared: Products(gate: "ffn_gate_shexp.weight", up: "ffn_up_shexp.weight", down: "ffn_down_shexp.weight"),
        sharedGate: "ffn_gate_inp_shexp.weight")

    /// As Qwen is released; stacked names are those that transformers 5 has in memory.
    static let huggingFace = ExpertNames(
        router: "mlp.gate.weight",
        stacked: Products(gate: "mlp.experts.gate_proj", up: "mlp.experts.up_proj", down: "mlp.experts.down_proj"),
        stackedGateUp: "mlp.experts.gate_up_proj",
        single: Products(
            gate: "mlp.experts.#.gate_proj.weight", up: "mlp.experts.#.up_proj.weight",
            down: "mlp.experts.#.down_proj.weight"),
        shared: Products(
            gate: "mlp.shared_expert.gate_proj.weight", up: "mlp.shared_expert.up_proj.weight",
            down: "mlp.shared_expert.down_proj.weight"),
        sharedGate: "mlp.shared_expert_gate.weight")

    /// As Mixtral is released, before transformers 5 reads it.
    static let mixtral: ExpertNames = {
        var names = huggingFace
        names.router = "block_sparse_moe.gate.weight"
        names.single = Products(
            gate: "block_sparse_moe.experts.#.w1.weight", up: "block_sparse_moe.experts.#.w3.weight",
            down: "block_sparse_moe.experts.#.w2.weight")
        return names
    }()
}
