/// The tokens that mark turns, calls and thoughts, by their names. Files type some of them as text: as learned pieces
/// by mistake, or as added tokens that are not special. A user who writes such a name must not get the token.
enum ChatMarks {
    /// Marks of turns: they steer the model and stand for no text, whatever their type.
    static let turns: Set<String> = Set(
        Vocabulary.endOfTurnNames + [
            "<|im_start|>", "<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|startoftext|>",
            "<|system|>", "<|user|>", "<|assistant|>", "<|observation|>", "<|start_of_role|>", "<|end_of_role|>",
            "<|start|>", "<|message|>", "<|return|>", "<|role_start|>", "<|role_end|>", "<|header_start|>",
            "<|header_end|>", "<|START_OF_TURN_TOKEN|>", "<|END_OF_TURN_TOKEN|>", "<|USER_TOKEN|>",
            "<|CHATBOT_TOKEN|>", "<|SYSTEM_TOKEN|>", "<｜begin▁of▁sentence｜>", "<｜User｜>", "<｜Assistant｜>",
            "<s>", "<bos>", "<eos>", "<start_of_turn>", "[INST]", "[/INST]", "<<SYS>>", "<</SYS>>",
            "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]", "[gMASK]", "<sop>", "[|system|]", "[|user|]", "[|assistant|]",
            "[|endofturn|]",
        ])

    /// Marks of calls and thoughts, which count as such without a template too.
    static let others: Set<String> = [
        "[TOOL_CALLS]", "[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]", "[TOOL_RESULTS]", "[/TOOL_RESULTS]",
        "[TOOL_CONTENT]",
        "[ARGS]", "[CALL_ID]", "[THINK]", "[/THINK]", "<tool_call>", "</tool_call>", "<tool_response>",
        "</tool_response>", "<tools>", "</tools>", "<think>", "</think>",
    ]

    /// `<|…|>`, or with the wide bars of DeepSeek. No learned piece has this form: words are cut between signs and
    /// letters.
    static func isBarred(_ name: String) -> Bool {
        name.utf8.count >= 5
            && (name.hasPrefix("<|") && name.hasSuffix("|>") || name.hasPrefix("<｜") && name.hasSuffix("｜>"))
    }

    /// `<…>` or `[…]`
    static func isBracketed(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
        guard name.count >= 3, let first = name.first, let last = name.last else { return false }
        return first == UInt8(ascii: "<") && last == UInt8(ascii: ">")
            || first == UInt8(ascii: "[") && last == UInt8(ascii: "]")
    }
}

/// Makes marks of those tokens that are, whatever type the file gives them, and says which it types as text that should
/// be control tokens.
func classifyMarks(_ source: VocabularySource<some ByteStrings>, _ kinds: inout [TokenKind], _ warnings: inout [String])
{
    let template = Array((source.template ?? "").utf8)
    let markers = Set([source.bosID, source.eosID, source.eotID, source.eomID].compactMap { $0 } + source.endIDs)
    var mistyped: [(token: Int, name: String)] = []
    for token in kinds.indices {
        let kind = kinds[token]
        guard !kind.isControl else { continue }
        source.tokens.withBytes(token) { bytes in
            let isBracketed = ChatMarks.isBracketed(bytes)
            guard isBracketed || kind == .userDefined else { return }
            let name = String(decoding: bytes, as: UTF8.self)
            if isBracketed, ChatMarks.turns.contains(name) || markers.contains(token) {
                kinds[token] = .control
            } else if isBracketed, ChatMarks.others.contains(name) || ChatMarks.isBarred(name) {
                kinds[token] = .mark
            } else if isBracketed || name.looksLikeMark, kind != .byte, template.holds(bytes) {
                kinds[token] = .mark
            }
            if kinds[token] == .control || (kinds[token] == .mark && kind != .userDefined) {
                mistyped.append((token, name))
            }
        }
    }
    guard !mistyped.isEmpty, source.types != nil else { return }
    let shown = mistyped.prefix(8).map { "'\($0.name)' (\($0.token))" }.joined(separator: ", ")
    let more = mistyped.count > 8 ? " and \(mistyped.count - 8) more" : ""
    warnings.append(
        "\(source.places.types): types \(shown)\(more) as text; served as marks of the chat template, which no user's text becomes"
    )
}

extension String {
    /// Letters and signs together, such as `### User:`; a word or a run of spaces could be anyone's text.
    fileprivate var looksLikeMark: Bool {
        contains { $0.isLetter } && contains { $0.isPunctuation || $0.isSymbol }
    }
}

extension [UInt8] {
    fileprivate func holds(_ part: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let first = part.first, count >= part.count else { return false }
        return indices.prefix(count - part.count + 1).contains { start in
            self[start] == first && self[start..<start + part.count].elementsEqual(part)
        }
    }
}
