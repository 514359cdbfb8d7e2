/// Takes a reply apart as it comes: thoughts, text and calls.
///
/// Text goes through at once; what may become a call is held back until that is known.  The events joined do not depend
/// on how the reply was cut into pieces: each decision is made on what stands before a place, or waits (`ReplyCursor`).
package struct ReplyParser: Sendable {
    package enum Event: Sendable, Equatable {
        case text(String)
        case reasoning(String)
        case call(ChatToolCall)
        /// The next call was read in spite of a slip.
        case repair(CallRepair)
    }

    private enum State: Equatable {
        /// Nothing but white space since the place.
        case fresh(After)
        case text
        case thought(until: ReplyMark)
    }
    private enum After { case nothing, recipientMark, thought, call }

    /// nil for a reply that can make no calls.
    private let grammar: CallGrammar?
    private let format: ReplyFormat
    private let limits: ReplyLimits
    private var state: State
    /// The symbols that are not decided yet.
    private var symbols: [ReplySymbol] = []
    private var place = 0
    private var isWhole = false
    private var isCutOff = false
    /// Fewer symbols than these need not be read again.
    private var worthReading = 0
    private var callsMade = 0
    private var readInVain = 0
    /// Something was said in this thought; in this one or another.
    private var (hasThought, hasReasoned) = (false, false)
    private var shown = ShownText()
    private var events: [Event] = []

    /// - Parameter tools: those that the model was offered; without any nothing is a call.
    package init(tools: [ChatTool], format: ReplyFormat = .init(), limits: ReplyLimits = .init()) {
        grammar = tools.isEmpty ? nil : CallGrammar(tools: OfferedTools(tools), forms: format.forms)
        (self.format, self.limits) = (format, limits)
        state =
            switch format.beginning {
            case .answer: .fresh(.nothing)
            case .recipient: .fresh(.recipientMark)
            case .thought(let mark):
                ReplyMark.thoughts.first { $0.open == mark }.map { .thought(until: $0.close) } ?? .fresh(.nothing)
            }
    }

    /// The events that are certain with these pieces.
    package mutating func add(_ pieces: [ReplyPiece]) -> [Event] {
        for piece in pieces {
            switch piece {
            case .text(let text): for byte in text.utf8 { symbols.append(ReplySymbol(byte)) }
            case .mark(let mark): symbols.append(ReplySymbol(mark))
            }
        }
        return takeEvents()
    }

    /// The reply is over: what is still held is a call or text, or nothing where it began after a call and was cut
    /// off.
    /// - Parameter isCutOff: its length ended it, not the model; then nothing that is missing is guessed.
    package mutating func finish(isCutOff: Bool = false) -> [Event] {
        worthReading = 0
        let certain = takeEvents()
        if isCutOff, state == .fresh(.call) { symbols = [] }
        (isWhole, self.isCutOff) = (true, isCutOff)
        worthReading = 0
        return certain + takeEvents()
    }

    private mutating func takeEvents() -> [Event] {
        if symbols.count >= worthReading {
            var settled = readInVain
            do throws(ReplyCursor.Stop) {
                while try step() { settled = readInVain }
                worthReading = 0
            } catch {
                // An undecided step is made again from its beginning.
                readInVain = settled
                // A long call is not read again for each of its tokens.
                let held = symbols.count - place
                worthReading = held + 1 + held / 16
            }
            symbols.removeFirst(place)
            place = 0
        }
        flush()
        defer { events = [] }
        return events
    }

    /// One decision; false at the reply's end.
    private mutating func step() throws(ReplyCursor.Stop) -> Bool {
        switch state {
        case .thought(let close): try passThought(until: close)
        case .fresh(let after): try begin(after: after)
        case .text:
            guard place < symbols.count else { return false }
            if CallGrammar.canOpen(symbols[place]) { try passMarked() } else { show() }
        }
        return place < symbols.count
    }

    // MARK: Thoughts

    private mutating func passThought(until close: ReplyMark) throws(ReplyCursor.Stop) {
        var cursor = try cursorAfterSpace()
        let start = cursor.place
        if try cursor.take(close) {
            state = .fresh(.thought)
            place = cursor.place
        } else if start < symbols.count {
            flushAnswer()
            if !hasThought, hasReasoned { shown.reason(CollectionOfOne(ReplySymbol("\n"))) }
            hasReasoned = true
            shown.reason(symbols[(hasThought ? place : start)...start])
            hasThought = true
            place = start + 1
        } else {
            place = start
        }
    }

    /// A thought where one may begin: as the model's token, before anything was said, or on a line of its own.
    private mutating func opensThought(
        _ cursor: inout ReplyCursor, isBeginning: Bool
    ) throws(ReplyCursor.Stop) -> Bool {
        for (open, close) in ReplyMark.thoughts {
            let isToken = try cursor.peek() == ReplySymbol(open)
            guard isBeginning || isToken, try cursor.take(open) else { continue }
            state = .thought(until: close)
            hasThought = false
            place = cursor.place
            return true
        }
        return false
    }

    // MARK: Answers and calls

    /// White space before the answer, a thought or a call: known to be text or nothing by what follows.
    private mutating func begin(after: After) throws(ReplyCursor.Stop) {
        var cursor = try cursorAfterSpace()
        if try opensThought(&cursor, isBeginning: true) { return }
        var textEnd = cursor.place + 1
        if after == .recipientMark, try takeUser(&cursor) { return }
        if let grammar {
            if after == .recipientMark {
                let reading = try cursor.attempt(grammar.recipient)
                if let reading { return take(reading, at: cursor.place) }
            }
            if after == .nothing, try cursor.take(text: "<|start_header_id|>assistant<|end_header_id|>") {
                place = cursor.place
                return
            }
            if after == .call {
                if try cursor.takeAny(ReplyMark.closing) != nil {
                    place = cursor.place
                    return
                }
                var next = cursor
                if try next.takeAny(";", ",") {
                    try next.skipSpace()
                    if case .calls = try read(&next, isBeginning: true) { return }
                }
            }
            switch try read(&cursor, isBeginning: true) {
            case .calls: return
            case .text(let end): textEnd = end
            case .nothing: break
            }
        }
        if after == .thought || after == .call { place = cursor.place }
        state = .text
        while place < min(textEnd, symbols.count) { show() }
    }

    /// functionary names the user too, with or without tools.
    private mutating func takeUser(_ cursor: inout ReplyCursor) throws(ReplyCursor.Stop) -> Bool {
        guard case .recipient(let mark) = format.beginning, try cursor.take(text: "all\n") else { return false }
        if mark == .recipientName { _ = try cursor.take(.content) }
        place = cursor.place
        state = .fresh(.call)
        return true
    }

    /// Passes a mark at the place: a thought, a call or text.
    private mutating func passMarked() throws(ReplyCursor.Stop) {
        var cursor = cursor(at: place)
        if try opensThought(&cursor, isBeginning: shown.endsLine) { return }
        switch try read(&cursor, isBeginning: false) {
        case .calls: return
        case .text(let end): while place < end { show() }
        case .nothing: show()
        }
    }

    private enum Found { case calls, text(until: Int), nothing }

    /// Takes calls at the cursor's place, if there are any.
    private mutating func read(_ cursor: inout ReplyCursor, isBeginning: Bool) throws(ReplyCursor.Stop) -> Found {
        guard let grammar, readInVain <= limits.vainBytesMax, callsMade < limits.callsMax else { return .nothing }
        let start = cursor
        let takesBare =
            isBeginning || (format.forms.takesBareCallsAnywhere && shown.mayBeFollowedByCall)
        do throws(ReplyCursor.Stop) {
            let reading = try grammar.read(&cursor, .init(isBeginning: isBeginning, takesBareCalls: takesBare))
            guard callsMade + reading.calls.count <= limits.callsMax else { throw .mismatch }
            take(reading, at: cursor.place)
            return .calls
        } catch {
            let reached = cursor.place
            cursor = start
            switch error {
            case .more: throw error
            case .mismatch:
                readInVain += reached - start.place
                return .nothing
            case .text(let end): return .text(until: end)
            }
        }
    }

    private mutating func take(_ reading: CallGrammar.Reading, at end: Int) {
        flush()
        if let repair = reading.repair { events.append(.repair(repair)) }
        events += reading.calls.map { .call($0) }
        callsMade += reading.calls.count
        place = end
        state = .fresh(.call)
        shown.startOver()
    }

    /// White space has no limit: it is no part of a call.
    private func cursorAfterSpace() throws(ReplyCursor.Stop) -> ReplyCursor {
        let start = symbols[place...].firstIndex { !$0.isSpace } ?? symbols.count
        if start == symbols.count, !isWhole { throw .more }
        return cursor(at: start)
    }

    private func cursor(at place: Int) -> ReplyCursor {
        ReplyCursor(
            symbols, at: place, symbolsMax: limits.callBytesMax, isWhole: isWhole, isCutOff: isCutOff,
            controls: format.controls)
    }

    /// The symbol at the place is text.
    private mutating func show() {
        flushReasoning()
        shown.show(symbols[place])
        place += 1
    }

    private mutating func flush() {
        flushReasoning()
        flushAnswer()
    }

    private mutating func flushReasoning() {
        if let text = shown.takeReasoning() { events.append(.reasoning(text)) }
    }

    private mutating func flushAnswer() {
        if let text = shown.takeAnswer() { events.append(.text(text)) }
    }
}
