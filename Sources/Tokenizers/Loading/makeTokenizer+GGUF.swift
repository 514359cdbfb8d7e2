import Checkpoints

/// The tokenizer of a GGUF file. Throws `CheckpointError` where a key holds another kind of value than it should,
/// `TokenizerError` where the vocabulary makes no sense; both name the file and the key.
///
/// - Parameter template: the file's chat template.
package func makeTokenizer(from file: GGUFFile, template: String? = nil) throws -> any Tokenizer {
    func key(_ name: String) -> String { "tokenizer.ggml.\(name)" }
    var source = VocabularySource(
        model: try file.requiredString(key("model")), tokens: try file.requiredStrings(key("tokens")))
    source.template = template
    source.pre = try file.string(key("pre"))
    // Out of range stays out of range, and is refused as what it is.
    source.types = try file.ints(key("token_type"))?.map { Int32(clamping: $0) }
    source.scores = try file.floats(key("scores"))
    source.merges = try file.strings(key("merges"))
    source.bosID = try file.tokenID(key("bos_token_id"))
    source.eosID = try file.tokenID(key("eos_token_id"))
    source.eotID = try file.tokenID(key("eot_token_id"))
    source.eomID = try file.tokenID(key("eom_token_id"))
    source.unknownID = try file.tokenID(key("unknown_token_id"))
    source.addsBOS = try file.bool(key("add_bos_token"))
    source.addsEOS = try file.bool(key("add_eos_token"))
    source.addsSpacePrefix = try file.bool(key("add_space_prefix"))
    if try file.string("general.name").map(isPhi3) ?? false { source.matchRules = phi3Rules(source) }
    do {
        return try makeTokenizer(source)
    } catch let error as TokenizerError {
        throw TokenizerError("\(file.path): \(error.place)", error.problem)
    }
}

/// Phi 3's special tokens take in the space after them, but for a few. A file does not say so: as llama.cpp does, these
/// vocabularies are known by the model's name.
private func isPhi3(_ name: String) -> Bool {
    ["phi-3", "phi3"].contains { name.lowercased().contains($0) }
}

private func phi3Rules(_ source: VocabularySource<GGUFStrings>) -> [Int32: SpecialTokenTrie.MatchRule] {
    let plain = ["<unk>", "<s>", "<|endoftext|>"]
    var rules: [Int32: SpecialTokenTrie.MatchRule] = [:]
    // Unknown, control and user-defined tokens.
    for (id, type) in (source.types ?? []).enumerated() where (2...4).contains(type) && id < source.tokens.count {
        guard source.tokens.withBytes(id, { bytes in !plain.contains { bytes.elementsEqual($0.utf8) } }) else {
            continue
        }
        rules[Int32(id)] = SpecialTokenTrie.MatchRule(takesSpaceAfter: true)
    }
    return rules
}

extension GGUFStrings: ByteStrings {
    package func withBytes<R>(_ index: Int, _ body: (UnsafeBufferPointer<UInt8>) throws -> R) rethrows -> R {
        try body(self[index].bindMemory(to: UInt8.self))
    }
}
