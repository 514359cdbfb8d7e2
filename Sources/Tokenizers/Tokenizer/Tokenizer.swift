/// Text to token ids and back, for one model's vocabulary.  Immutable once made: any thread may call it.
///
/// `encode` never adds BOS or EOS by itself. A chat template spells its own BOS; for a bare prompt the caller
/// puts `bos` in front when `addsBOS` says so.
package protocol Tokenizer: Sendable {
    /// Token ids run from 0 up to, not including, this.
    var vocabularySize: Int { get }

    /// The ids of a prompt made of pieces from different hands. Control tokens, and all others that mark turns, calls
    /// or thoughts, are recognised only in text marked `special` (a template's own words); text that is not special (a
    /// user's, a document's, a tool's) can never become one, whatever type the file gives such a token.
    ///
    /// The border rule: neighbouring special pieces are one run of text, and a control token must lie whole
    /// inside such a run. All that lies between two control tokens is then tokenised as one stretch, trusted
    /// or not, so the ids equal those of the joined text wherever the user's text spells no control token.
    func encode(segments: [(text: String, special: Bool)]) -> [Int32]

    /// Appends the bytes a token stands for; they need not be whole UTF-8. A control token stands for no bytes
    /// unless `showingControl`, which appends its spelling. An id outside the vocabulary appends nothing.
    func appendBytes(of token: Int32, showingControl: Bool, to bytes: inout [UInt8])

    /// The control or user-defined token with exactly this spelling, such as `<|eot_id|>`.
    func token(named spelling: String) -> Int32?

    /// True for tokens that steer the model and stand for no text. False for ids outside the vocabulary.
    func isControl(_ token: Int32) -> Bool

    /// True when the first piece of text gets a space in front (SentencePiece); `decode` takes it off again.
    var addsSpacePrefix: Bool { get }

    var bos: Int32? { get }
    var eos: Int32? { get }
    /// Whether a bare prompt starts with `bos`, or ends with `eos`, by the model's own say.
    var addsBOS: Bool { get }
    var addsEOS: Bool { get }
    /// Every token that ends the model's turn: end of text, of turn, of message, where they exist.
    var endOfTurnTokens: Set<Int32> { get }
    /// Deviations from the checkpoint's vocabulary, for the log; a sentence each.
    var warnings: [String] { get }
}

extension Tokenizer {
    package var warnings: [String] { [] }

    /// The ids of one text. `special`: control tokens spelled in it become control tokens (templates only);
    /// otherwise they are ordinary text (anything a user wrote).
    package func encode(_ text: String, special: Bool) -> [Int32] {
        encode(segments: [(text: text, special: special)])
    }

    /// The bytes one token stands for; empty for control tokens unless `showingControl`.
    package func bytes(of token: Int32, showingControl: Bool = false) -> [UInt8] {
        var bytes: [UInt8] = []
        appendBytes(of: token, showingControl: showingControl, to: &bytes)
        return bytes
    }

    /// The text of a whole sequence. Bytes that are no UTF-8 become U+FFFD.
    package func decode(_ tokens: [Int32], showingControl: Bool = false) -> String {
        var bytes: [UInt8] = []
        for token in tokens { appendBytes(of: token, showingControl: showingControl, to: &bytes) }
        if addsSpacePrefix, bytes.first == UInt8(ascii: " ") { bytes.removeFirst() }
        return String(decoding: bytes, as: UTF8.self)
    }
}
