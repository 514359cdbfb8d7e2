import Checkpoints
import LlamaStackAPI

/// The contents of a `tokenizer.json` (the `tokenizers` library's format), read front to back in one pass. Unchecked
/// beyond its shape: `makeTokenizer` checks it.
struct TokenizerJSON {
    struct AddedToken {
        var id: Int
        var content: String
        var isSpecial: Bool
        var rule: SpecialTokenTrie.MatchRule
    }

    static let fileBytesMax = 1 << 28
    static let addedTokensMax = 65_536

    /// The model's vocabulary by id.
    private(set) var tokens: FileStrings
    /// `left right`; or, since version 0.20 of the library, two lists.
    private(set) var merges: FileStrings
    private(set) var lefts: FileStrings
    private(set) var rights: FileStrings
    private(set) var added: [AddedToken] = []
    /// No entry is shorter than a byte: a small file must not claim much memory with one large id.
    private var idMax = 0
    /// The members of `model` other than the vocabulary and the merges.
    private(set) var model: [String: JSON] = [:]
    private(set) var normalizer = JSON.null
    private(set) var preTokenizer = JSON.null
    private(set) var postProcessor = JSON.null

    init(_ file: MappedFile) throws(CheckpointError) {
        (tokens, merges, lefts, rights) = (FileStrings(file), FileStrings(file), FileStrings(file), FileStrings(file))
        guard file.bytes.count <= Self.fileBytesMax else {
            throw CheckpointError(
                path: file.path, field: "tokenizer", offset: nil, found: "\(file.bytes.count) bytes",
                wanted: "at most fileBytesMax = \(Self.fileBytesMax)")
        }
        idMax = min(VocabularyLimit.tokensMax, file.bytes.count + Self.addedTokensMax) - 1
        var json = CheckpointJSON(file)
        var read = self
        try json.members(of: "tokenizer", membersMax: 64) { key, json throws(CheckpointError) in
            switch key {
            case "added_tokens": try read.readAdded(&json)
            case "model": try read.readModel(&json)
            case "normalizer": read.normalizer = try json.value("'normalizer'")
            case "pre_tokenizer": read.preTokenizer = try json.value("'pre_tokenizer'")
            case "post_processor": read.postProcessor = try json.value("'post_processor'")
            default: try json.skip("'\(key)'")
            }
        }
        try json.end("tokenizer")
        self = read
    }

    private mutating func readModel(_ json: inout CheckpointJSON) throws(CheckpointError) {
        var read = self
        try json.members(of: "'model'", membersMax: 64) { key, json throws(CheckpointError) in
            switch key {
            case "vocab": try read.readVocabulary(&json)
            case "merges": try read.readMerges(&json)
            default: read.model[key] = try json.value("'model.\(key)'")
            }
        }
        self = read
    }

    private mutating func readVocabulary(_ json: inout CheckpointJSON) throws(CheckpointError) {
        var tokens = tokens
        let idMax = idMax
        var isSet: [Bool] = []
        try json.rawMembers(of: "'model.vocab'") { key, json throws(CheckpointError) in
            let at = json.offset
            let id = try json.integer("'model.vocab'", in: 0...idMax)
            while isSet.count <= id { isSet.append(false) }
            guard !isSet[id] else {
                throw json.refuse("'model.vocab'", at: at, found: "the id \(id) again", wanted: "each id once")
            }
            isSet[id] = true
            tokens.set(id, key, of: json)
        }
        self.tokens = tokens
    }

    private mutating func readMerges(_ json: inout CheckpointJSON) throws(CheckpointError) {
        var (merges, lefts, rights) = (merges, lefts, rights)
        let field = "'model.merges'"
        try json.items(of: field) { index, json throws(CheckpointError) in
            guard index < VocabularyLimit.mergesMax else {
                throw json.refuse(
                    field, found: "more than \(VocabularyLimit.mergesMax) merges",
                    wanted: "at most \(VocabularyLimit.mergesMax)")
            }
            if !json.isAtArray { return merges.append(try json.rawString(field), of: json) }
            var count = 0
            try json.items(of: field) { index, json throws(CheckpointError) in
                let part = try json.rawString(field)
                if index == 0 { lefts.append(part, of: json) } else { rights.append(part, of: json) }
                count += 1
                guard count <= 2 else { throw json.refuse(field, found: "three parts", wanted: "two") }
            }
            guard count == 2 else { throw json.refuse(field, found: "\(count) parts", wanted: "two") }
        }
        guard merges.count == 0 || lefts.count == 0 else {
            throw json.refuse(field, found: "strings and pairs", wanted: "one or the other")
        }
        (self.merges, self.lefts, self.rights) = (merges, lefts, rights)
    }

    private mutating func readAdded(_ json: inout CheckpointJSON) throws(CheckpointError) {
        var added = added
        let idMax = idMax
        try json.items(of: "'added_tokens'") { index, json throws(CheckpointError) in
            let field = "'added_tokens[\(index)]'"
            guard index < Self.addedTokensMax else {
                throw json.refuse(
                    field, found: "more than \(Self.addedTokensMax)", wanted: "at most \(Self.addedTokensMax)")
            }
            let at = json.offset
            let value = try json.value(field)
            func refuse(_ found: String, _ wanted: String) -> CheckpointError {
                json.refuse(field, at: at, found: found, wanted: wanted)
            }
            guard case .integer(let wide) = value["id"], let id = Int(exactly: wide),
                (0...idMax).contains(id),
                let content = value["content"]?.stringValue,
                !content.isEmpty
            else { throw refuse("\(value["id"]?.shown ?? "no id")", "an id and a content") }
            let rule = SpecialTokenTrie.MatchRule(
                takesSpaceBefore: value["lstrip"] == true, takesSpaceAfter: value["rstrip"] == true,
                isWord: value["single_word"] == true, isNormalized: value["normalized"] == true)
            added.append(
                AddedToken(id: id, content: content, isSpecial: value["special"] == true, rule: rule))
        }
        self.added = added
    }
}
