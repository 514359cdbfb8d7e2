extension ModelCheckpoint {
    /// Names of the tensors that the architecture does not read, sorted: they change nothing, and a warning names them.
    package var unusedTensors: [String] {
        let read = readTensors
        return tensors.keys.filter { name in
            !read.contains(name) && !Self.derived.contains(where: name.hasSuffix) && !Self.isOfImages(name)
        }.sorted()
    }

    /// How many tensors belong to the part of a model that reads images, which is left out.
    package var imageTensors: Int { tensors.keys.count(where: Self.isOfImages) }

    private static func isOfImages(_ name: String) -> Bool { imageParts.contains(where: name.hasPrefix) }

    private static let imageParts = ["vision_tower.", "vision_model.", "multi_modal_projector.", "v.", "mm."].flatMap {
        [$0, "model." + $0]
    }

    /// Refuses a tensor that a model of this kind would compute with and the family does not: without it the answers
    /// would be wrong, and nothing would say so.
    func requireServedTensors() throws {
        for name in unusedTensors {
            guard let what = Self.meaningful.first(where: { name.contains($0.part) })?.what else { continue }
            throw refuse(
                "tensor \(name.quotedForMessage())", found: what,
                wanted: "a model of the architecture \(family.architecture) without it")
        }
    }

    /// Tensors that follow from the configuration and are computed from it.
    private static let derived = ["rotary_emb.inv_freq", "rope.freqs", "attn_rot_embd.weight"]

    private static let meaningful: [(part: String, what: String)] = [
        ("q_norm.", "a norm of queries"), ("k_norm.", "a norm of keys"), ("_exps.", "experts"),
        ("ffn_gate_inp.", "a router of experts"), (".experts.", "experts"), ("block_sparse_moe.", "experts"),
        ("post_attention_norm.", "a norm after attention"), ("post_ffw_norm.", "a norm after the feed-forward part"),
        ("post_feedforward_layernorm.", "a norm after the feed-forward part"),
        ("pre_feedforward_layernorm.", "a norm that others name otherwise"),
        ("lora_A.", "an adapter's weights"), (".sinks", "attention sinks"), ("attn_sinks", "attention sinks"),
    ]

    private var readTensors: Set<String> {
        var read: Set = [names.embedding, names.finalNorm, names.head]
        read.formUnion([names.ropeDivisors, names.ropeShortDivisors, names.ropeLongDivisors].compactMap { $0 })
        let products = [names.query, names.key, names.value, names.output, names.gate, names.up, names.down]
        var parts = products.flatMap { [$0 + ".weight", $0 + ".bias"] }
        if family.hasPreNorms { parts += [names.attentionNorm, names.feedForwardNorm] }
        if family.hasPostNorms { parts += [names.attentionPostNorm, names.feedForwardPostNorm] }
        if family.headNorm != .absent { parts += [names.queryNorm, names.keyNorm] }
        // No more than there are: a count of layers is the file's claim.
        for layer in 0..<min(configuration.layers, tensors.count) {
            read.formUnion(parts.map { names.layer(layer, $0) })
            guard configuration.hasExperts(inLayer: layer) else { continue }
            read.formUnion(names.expertNames(layer, count: configuration.experts?.count ?? 0, in: tensors))
        }
        return read
    }
}
