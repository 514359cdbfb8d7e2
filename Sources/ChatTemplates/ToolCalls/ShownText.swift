/// The text of a reply on its way out, and the facts about it that decide whether a call without a mark may follow.
struct ShownText: Sendable {
    private var answer: [UInt8] = []
    private var reasoning: [UInt8] = []
    private var last: ReplySymbol?
    /// Brackets that are open: a call inside other JSON is data.
    private var bracketsOpen = 0
    private var backticks = 0
    /// Inside a code block: a call there is an example.
    private var isInFence = false

    mutating func show(_ symbol: ReplySymbol) {
        // A thought's mark without its partner is no text of the answer.
        if symbol.byte == nil, ReplySymbol.isThought(symbol) { return }
        symbol.write(to: &answer)
        switch symbol {
        case ReplySymbol("{"), ReplySymbol("["): bracketsOpen += 1
        case ReplySymbol("}"), ReplySymbol("]"): bracketsOpen = max(0, bracketsOpen - 1)
        // Prose leaves brackets open; it does not after an empty line.
        case ReplySymbol("\n") where last == ReplySymbol("\n"): bracketsOpen = 0
        default: break
        }
        backticks = symbol == ReplySymbol("`") ? backticks + 1 : 0
        if backticks == 3 { isInFence.toggle() }
        last = symbol
    }

    mutating func reason(_ symbols: some Sequence<ReplySymbol>) {
        for symbol in symbols { symbol.write(to: &reasoning) }
    }

    /// False inside JSON and code, and behind a quote or a letter.
    var mayBeFollowedByCall: Bool {
        if isInFence || bracketsOpen > 0 { return false }
        guard let last else { return true }
        return !last.isWord && ![ReplySymbol("`"), ReplySymbol("\""), ReplySymbol("'")].contains(last)
    }

    /// The next symbol begins a line of prose.
    var endsLine: Bool { last == ReplySymbol("\n") && !isInFence }

    /// After a call: what was open before it was prose.
    mutating func startOver() { (last, bracketsOpen, backticks, isInFence) = (nil, 0, 0, false) }

    mutating func takeAnswer() -> String? { Self.take(&answer) }
    mutating func takeReasoning() -> String? { Self.take(&reasoning) }

    private static func take(_ bytes: inout [UInt8]) -> String? {
        if bytes.isEmpty { return nil }
        defer { bytes.removeAll(keepingCapacity: true) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
