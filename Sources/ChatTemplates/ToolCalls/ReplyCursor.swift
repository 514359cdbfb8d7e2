/// Reads a reply that may not be whole yet.
///
/// Every reader that stands on it decides by what it has read alone, and throws `more` where that needs what has not
/// come.  So a decision, once made, is the one that the whole reply gives, wherever the reply was cut.
struct ReplyCursor {
    enum Stop: Error {
        /// Undecided: the reply may go on either way.
        case more
        /// The expected text is not here.
        case mismatch
        /// The expected text is not here, and everything before this place is text.
        case text(until: Int)
    }

    private let symbols: [ReplySymbol]
    /// Symbols from here on are not read.
    private let limit: Int
    /// Nothing comes after `symbols`.
    let isWhole: Bool
    /// The reply is whole because its length ended it.
    let isCutOff: Bool
    private let controls: Set<ReplyMark>
    private(set) var place: Int

    init(
        _ symbols: [ReplySymbol], at place: Int, symbolsMax: Int, isWhole: Bool, isCutOff: Bool,
        controls: Set<ReplyMark>
    ) {
        (self.symbols, self.place, limit) = (symbols, place, place + symbolsMax)
        (self.isWhole, self.isCutOff, self.controls) = (isWhole, isCutOff, controls)
    }

    /// A text by itself, which has no control tokens.
    init(_ text: String) {
        let symbols = text.utf8.map { ReplySymbol($0) }
        self.init(symbols, at: 0, symbolsMax: symbols.count + 1, isWhole: true, isCutOff: false, controls: [])
    }

    /// The symbol `ahead` of the place; nil at the reply's end.
    func peek(_ ahead: Int = 0) throws(Stop) -> ReplySymbol? {
        let wanted = place + ahead
        if wanted >= limit { throw .mismatch }
        if wanted < symbols.count { return symbols[wanted] }
        if isWhole { return nil }
        throw .more
    }

    mutating func next() throws(Stop) -> ReplySymbol? {
        let symbol = try peek()
        if symbol != nil { place += 1 }
        return symbol
    }

    func isAt(_ character: Unicode.Scalar) throws(Stop) -> Bool { try peek() == ReplySymbol(character) }

    mutating func take(_ character: Unicode.Scalar) throws(Stop) -> Bool {
        guard try isAt(character) else { return false }
        place += 1
        return true
    }

    /// Takes the first of these characters that is here.
    mutating func takeAny(_ characters: Unicode.Scalar...) throws(Stop) -> Bool {
        for character in characters where try take(character) { return true }
        return false
    }

    mutating func expect(_ character: Unicode.Scalar) throws(Stop) {
        guard try take(character) else { throw .mismatch }
    }

    mutating func skipSpace() throws(Stop) {
        while let symbol = try peek(), symbol.isSpace { place += 1 }
    }

    /// Takes these bytes of ordinary text.
    mutating func take(text: some Collection<UInt8>) throws(Stop) -> Bool {
        var ahead = 0
        for byte in text {
            guard try peek(ahead) == ReplySymbol(byte) else { return false }
            ahead += 1
        }
        place += ahead
        return true
    }

    mutating func take(text: String) throws(Stop) -> Bool { try take(text: text.utf8) }

    mutating func take(_ mark: ReplyMark) throws(Stop) -> Bool {
        guard let symbol = try peek() else { return false }
        if symbol == ReplySymbol(mark) {
            place += 1
            return true
        }
        let spelling = ReplySymbol.spelling(mark)
        guard symbol.byte == spelling[0], !controls.contains(mark) else { return false }
        return try take(text: spelling)
    }

    func isAt(_ mark: ReplyMark) throws(Stop) -> Bool {
        var ahead = self
        return try ahead.take(mark)
    }

    /// Takes the first of these marks that is here.
    mutating func takeAny(_ marks: some Sequence<ReplyMark>) throws(Stop) -> ReplyMark? {
        for mark in marks where try take(mark) { return mark }
        return nil
    }

    /// Takes as many symbols as fit; nil for none.
    mutating func takeRun(where fits: (ReplySymbol) -> Bool) throws(Stop) -> String? {
        let start = place
        while let symbol = try peek(), fits(symbol) { place += 1 }
        return place > start ? symbols[start..<place].text : nil
    }

    /// The text from `start` to the place.
    func text(from start: Int) -> String { symbols[start..<place].text }

    mutating func move(to place: Int) { self.place = place }

    /// The result of `read`, or nil with the place restored: this is one of several readings.
    mutating func attempt<Value>(
        _ read: (inout ReplyCursor) throws(Stop) -> Value
    ) throws(Stop) -> Value? {
        let before = self
        do throws(Stop) {
            return try read(&self)
        } catch {
            if case .more = error { throw error }
            self = before
            return nil
        }
    }
}
