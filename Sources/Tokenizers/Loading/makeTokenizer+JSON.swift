import Checkpoints
import LlamaStackAPI

/// The tokenizer of a Hugging Face folder. `marks` says which of its tokens begin and end a text. Throws
/// `CheckpointError` where the file is broken, `TokenizerError` where its vocabulary makes no sense or its steps are
/// not served; both name the file.
/// - Parameter template: the folder's chat template.
func makeTokenizer(
    tokenizerJSON file: MappedFile, marks: HuggingFaceFolder.Marks, template: String? = nil
) throws -> any Tokenizer {
    let json = try TokenizerJSON(file)
    do {
        var source = try vocabularySource(json, marks)
        source.template = template
        return try makeTokenizer(source)
    } catch let error as TokenizerError {
        throw TokenizerError("\(file.path): \(error.place)", error.problem)
    }
}

private func vocabularySource(
    _ json: TokenizerJSON, _ marks: HuggingFaceFolder.Marks
) throws -> VocabularySource<FileStrings> {
    try checkModel(json)
    let steps = try TokenizerSteps(json)
    let isByteLevel = steps.scanner != nil
    var tokens = json.tokens
    var ids: [String: Int] = [:]
    var added: Set<Int> = []
    for token in json.added {
        if token.id < tokens.count, !tokens.isEmpty(token.id) {
            guard tokens.text(token.id) == token.content else {
                throw TokenizerError(
                    "added_tokens",
                    "has \(token.content.quotedForMessage()) as number \(token.id), which is \(tokens.text(token.id).quotedForMessage()) in model.vocab"
                )
            }
        } else {
            tokens.set(token.id, token.content)
            added.insert(token.id)
        }
        ids[token.content] = token.id
    }
    var types = (0..<tokens.count).map { tokens.isEmpty($0) ? Int32(5) : 1 }
    var rules: [Int32: SpecialTokenTrie.MatchRule] = [:]
    for token in json.added {
        types[token.id] = token.isSpecial ? 3 : 4
        if token.rule != SpecialTokenTrie.MatchRule() { rules[Int32(token.id)] = token.rule }
    }
    // Markers that stand in the vocabulary alone.
    let unknown = marks.unknown ?? json.model["unk_token"]?.stringValue
    for name in [marks.bos, marks.eos, unknown].compactMap({ $0 }) where ids[name] == nil {
        guard let id = (0..<tokens.count).first(where: { tokens.isEqual($0, name) }) else { continue }
        ids[name] = id
        types[id] = 3
    }
    if !isByteLevel, json.model["byte_fallback"] == true {
        for id in types.indices where types[id] == 1 && tokens.isByteToken(id) { types[id] = 6 }
    }
    var source = VocabularySource(model: isByteLevel ? "gpt2" : "llama", tokens: tokens)
    source.types = types
    source.matchRules = rules
    source.added = added
    if json.lefts.count > 0 { source.mergeParts = (json.lefts, json.rights) } else { source.merges = json.merges }
    source.bosID = marks.bos.flatMap { ids[$0] } ?? marks.bosID
    source.eosID = marks.eos.flatMap { ids[$0] }
    source.unknownID = unknown.flatMap { ids[$0] }
    source.endIDs = marks.endIDs
    let ends = templateEnds(json.postProcessor)
    source.addsBOS = marks.addsBOS ?? (ends.first != nil && ends.first == marks.bos)
    source.addsEOS = marks.addsEOS ?? (ends.last != nil && ends.last == marks.eos)
    source.steps = steps
    source.places = VocabularyPlaces(
        model: "model", pre: "pre_tokenizer", tokens: "model.vocab", types: "added_tokens", scores: "model.merges",
        merges: "model.merges", ids: "")
    return source
}

private func checkModel(_ json: TokenizerJSON) throws(TokenizerError) {
    // Before version 0.9 of the library the type could be left out.
    guard json.model["type"] ?? "BPE" == "BPE" else {
        throw TokenizerError("model.type", "is \(json.model["type"]?.shown ?? ""); served is BPE")
    }
    for key in ["continuing_subword_prefix", "end_of_word_suffix", "dropout"] {
        switch json.model[key] {
        case nil, .null, "": continue
        case .some(let value): throw TokenizerError("model.\(key)", "is \(value.shown); served is BPE without it")
        }
    }
}

/// The special tokens that the post-processor puts before and after a text.
private func templateEnds(_ processor: JSON) -> (first: String?, last: String?) {
    if case .array(let parts) = processor["processors"] {
        return parts.map(templateEnds).first { $0.first != nil || $0.last != nil } ?? (nil, nil)
    }
    guard case .array(let pieces) = processor["single"] else { return (nil, nil) }
    let names = pieces.map { $0["SpecialToken"]?["id"]?.stringValue }
    return (names.first ?? nil, names.last ?? nil)
}
