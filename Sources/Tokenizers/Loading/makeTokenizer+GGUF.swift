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
    source.bosID = try file.int(key("bos_token_id"))
    source.eosID = try file.int(key("eos_token_id"))
    source.eotID = try file.int(key("eot_token_id"))
    source.eomID = try file.int(key("eom_token_id"))
    source.unknownID = try file.int(key("unknown_token_id"))
    source.addsBOS = try file.bool(key("add_bos_token"))
    source.addsEOS = try file.bool(key("add_eos_token"))
    source.addsSpacePrefix = try file.bool(key("add_space_prefix"))
    do {
        return try makeTokenizer(source)
    } catch let error as TokenizerError {
        throw TokenizerError("\(file.path): \(error.place)", error.problem)
    }
}

extension GGUFStrings: ByteStrings {
    package func withBytes<R>(_ index: Int, _ body: (UnsafeBufferPointer<UInt8>) throws -> R) rethrows -> R {
        try body(self[index].bindMemory(to: UInt8.self))
    }
}
