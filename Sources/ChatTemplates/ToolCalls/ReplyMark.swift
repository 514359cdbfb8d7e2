/// The marks that models set around calls and thoughts.
///
/// A vocabulary may have a mark as a control token.  It then counts only where it came as that token; spelled in
/// ordinary text it is text.
package enum ReplyMark: UInt16, Sendable, CaseIterable {
    // Hermes, Qwen, SmolLM2, Granite 4.
    case toolCall
    case toolCallEnd
    // Granite 3 and Phi 4; the code models of Granite.
    case graniteCall
    case graniteCallEnd
    case functionCall
    case functionCallEnd
    // Qwen2.5-Coder, in place of Hermes' mark.
    case tools
    case toolsEnd
    // MiniCPM.
    case toolCallStart
    case toolCallStop
    // Gemma 3.
    case toolCode
    // Phi 4 mini, Firefunction.
    case functools
    // Nemotron.
    case nemotronCalls
    case nemotronCallsEnd
    // Mistral.
    case toolCalls
    case toolCallsEnd
    case callID
    case arguments
    // Llama 3.1.
    case pythonTag
    // Llama 3.1, functionary 3.1, Qwen3-Coder.
    case function
    case functionEnd
    case parameter
    case parameterEnd
    // functionary 3.2.
    case recipient
    // functionary 2.
    case from
    case recipientName
    case content
    // DeepSeek.
    case deepSeekCalls
    case deepSeekCallsEnd
    case deepSeekCall
    case deepSeekSeparator
    case deepSeekCallEnd
    // Thoughts.
    case think
    case thinkEnd
    case magistralThink
    case magistralThinkEnd

    package var text: String {
        switch self {
        case .toolCall: "<tool_call>"
        case .toolCallEnd: "</tool_call>"
        case .graniteCall: "<|tool_call|>"
        case .graniteCallEnd: "<|/tool_call|>"
        case .functionCall: "<function_call>"
        case .functionCallEnd: "</function_call>"
        case .tools: "<tools>"
        case .toolsEnd: "</tools>"
        case .toolCallStart: "<|tool_call_start|>"
        case .toolCallStop: "<|tool_call_end|>"
        case .toolCode: "```tool_code"
        case .functools: "functools"
        case .nemotronCalls: "<TOOLCALL>"
        case .nemotronCallsEnd: "</TOOLCALL>"
        case .toolCalls: "[TOOL_CALLS]"
        case .toolCallsEnd: "[/TOOL_CALLS]"
        case .callID: "[CALL_ID]"
        case .arguments: "[ARGS]"
        case .pythonTag: "<|python_tag|>"
        case .function: "<function="
        case .functionEnd: "</function>"
        case .parameter: "<parameter="
        case .parameterEnd: "</parameter>"
        case .recipient: ">>>"
        case .from: "<|from|>"
        case .recipientName: "<|recipient|>"
        case .content: "<|content|>"
        case .deepSeekCalls: "<｜tool▁calls▁begin｜>"
        case .deepSeekCallsEnd: "<｜tool▁calls▁end｜>"
        case .deepSeekCall: "<｜tool▁call▁begin｜>"
        case .deepSeekSeparator: "<｜tool▁sep｜>"
        case .deepSeekCallEnd: "<｜tool▁call▁end｜>"
        case .think: "<think>"
        case .thinkEnd: "</think>"
        case .magistralThink: "[THINK]"
        case .magistralThinkEnd: "[/THINK]"
        }
    }

    /// The marks that open a thought, with those that close it.
    static let thoughts: [(open: ReplyMark, close: ReplyMark)] = [
        (.think, .thinkEnd), (.magistralThink, .magistralThinkEnd),
    ]
    /// Marks behind which functionary names whom a message is for.
    static let recipients: [ReplyMark] = [.recipient, .recipientName]
    /// The text that functionary writes between whom a message is for and the message.
    var textBehindRecipient: String { self == .recipientName ? "\n" + ReplyMark.content.text : "\n" }
    /// Marks behind a call that say nothing more.
    static let closing: [ReplyMark] = [
        .toolCallEnd, .graniteCallEnd, .functionCallEnd, .toolsEnd, .toolCallStop, .nemotronCallsEnd, .toolCallsEnd,
        .functionEnd, .deepSeekCallEnd, .deepSeekCallsEnd,
    ]

    /// Marks of thoughts: they count whether or not the request has tools.
    package var isThought: Bool { Self.thoughts.contains { $0.open == self || $0.close == self } }
}

/// One byte of a reply's text, or a mark that came as a control token.
struct ReplySymbol: Sendable, Equatable {
    let value: UInt16

    init(_ byte: UInt8) { value = UInt16(byte) }
    init(_ mark: ReplyMark) { value = 256 + mark.rawValue }
    init(_ character: Unicode.Scalar) { value = UInt16(truncatingIfNeeded: character.value) }

    private static let spellings = ReplyMark.allCases.map { Array($0.text.utf8) }

    /// nil for a mark.
    var byte: UInt8? { value < 256 ? UInt8(value) : nil }
    var isSpace: Bool { value == 32 || value == 10 || value == 13 || value == 9 }
    /// A letter, digit or underscore of ASCII, or a part of any other character.
    var isWord: Bool {
        guard let byte else { return false }
        return byte == UInt8(ascii: "_") || byte >= 0x80 || (97...122).contains(byte | 32) || (48...57).contains(byte)
    }

    /// Appends what a reader sees of it.
    func write(to bytes: inout [UInt8]) {
        if let byte { bytes.append(byte) } else { bytes += Self.spellings[Int(value) - 256] }
    }

    static func isThought(_ symbol: ReplySymbol) -> Bool {
        symbol.byte == nil && ReplyMark.allCases[Int(symbol.value) - 256].isThought
    }

    static func spelling(_ mark: ReplyMark) -> [UInt8] { spellings[Int(mark.rawValue)] }
}

extension Sequence where Element == ReplySymbol {
    var text: String {
        var bytes: [UInt8] = []
        for symbol in self { symbol.write(to: &bytes) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
