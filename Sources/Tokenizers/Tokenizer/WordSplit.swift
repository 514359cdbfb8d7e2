/// One step of cutting text into words. It cuts a stretch into what its pattern matches and what lies between; the next
/// step cuts each of these pieces again, and sees nothing but the piece.
enum WordSplit: Sendable, Equatable {
    /// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
    case gpt2
    case words(WordPattern)
    /// `[set]{1,scalarsMax}`
    case runs(ScalarSet, scalarsMax: Int)
    /// `[lead]?[set]+`
    case ledRuns(ScalarSet, lead: ScalarClass)
    /// `\s+$`
    case trailingWhitespace
    /// `(?=(\d{3})+(?!\d))`, which matches no characters: digits in threes, counted from their last.
    case thousands
    /// DeepSeek V3's, after its numbers, Han and kana are cut off: an ASCII sign with the ASCII letters after it, then
    /// ``[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+``
    case deepSeek3

    /// Every number's character is a word of its own.
    static let digits = WordSplit.runs(ScalarSet(classes: .number), scalarsMax: 1)

    /// Whether its matches leave nothing out.
    var coversText: Bool {
        switch self {
        case .gpt2, .words: true
        case .runs, .ledRuns, .trailingWhitespace, .thousands, .deepSeek3: false
        }
    }
}

extension ScalarReader {
    /// Calls `piece` for each piece of `range`, in order and without gaps.
    func forEachPiece(of split: WordSplit, in range: Range<Int>, _ piece: (Range<Int>) -> Void) {
        switch split {
        case .gpt2: forEachPiece(in: range, piece) { gpt2WordEnd(from: $0, limit: range.upperBound) }
        case .words(let pattern):
            forEachPiece(in: range, piece) { wordEnd(of: pattern, from: $0, limit: range.upperBound) }
        case .runs(let set, let scalarsMax): forEachRun(of: set, scalarsMax: scalarsMax, in: range, piece)
        case .ledRuns(let set, let lead):
            forEachPiece(in: range, piece) { ledRunEnd(of: set, lead: lead, from: $0, limit: range.upperBound) }
        case .deepSeek3: forEachPiece(in: range, piece) { deepSeek3WordEnd(from: $0, limit: range.upperBound) }
        case .thousands: forEachThousand(in: range, piece)
        case .trailingWhitespace:
            let start = trailingWhitespaceStart(in: range)
            if range.lowerBound < start { piece(range.lowerBound..<start) }
            if start < range.upperBound { piece(start..<range.upperBound) }
        }
    }

    /// `matchEnd` answers where the match that begins at an index ends; nil: none begins there.
    @inline(__always)
    private func forEachPiece(
        in range: Range<Int>, _ piece: (Range<Int>) -> Void, matchEnd: (Int) -> Int?
    ) {
        var (start, index) = (range.lowerBound, range.lowerBound)
        while index < range.upperBound {
            guard let end = matchEnd(index) else {
                index = read(at: index).next
                continue
            }
            if start < index { piece(start..<index) }
            piece(index..<end)
            (start, index) = (end, end)
        }
        if start < index { piece(start..<index) }
    }

    /// As the general loop, but it looks at each scalar once: vocabularies that keep digits apart look at all text so.
    private func forEachRun(
        of set: ScalarSet, scalarsMax: Int, in range: Range<Int>, _ piece: (Range<Int>) -> Void
    ) {
        var (start, index) = (range.lowerBound, range.lowerBound)
        while index < range.upperBound {
            let (isFound, next) = look(at: index, for: set)
            guard isFound else {
                index = next
                continue
            }
            if start < index { piece(start..<index) }
            let end = runEnd(of: set, from: next, limit: range.upperBound, scalarsMax: scalarsMax - 1)
            piece(index..<end)
            (start, index) = (end, end)
        }
        if start < index { piece(start..<index) }
    }

    private func ledRunEnd(of set: ScalarSet, lead: ScalarClass, from start: Int, limit: Int) -> Int? {
        let (first, second) = read(at: start)
        if first.isOne(of: lead), second < limit, let third = next(after: second, in: set) {
            return runEnd(of: set, from: third, limit: limit)
        }
        return next(after: start, in: set).map { runEnd(of: set, from: $0, limit: limit) }
    }

    private func runEnd(of set: ScalarSet, from start: Int, limit: Int, scalarsMax: Int = .max) -> Int {
        var index = start
        var scalars = 0
        while index < limit, scalars < scalarsMax, let next = next(after: index, in: set) {
            index = next
            scalars += 1
        }
        return index
    }

    private func forEachThousand(in range: Range<Int>, _ piece: (Range<Int>) -> Void) {
        var (start, index) = (range.lowerBound, range.lowerBound)
        while index < range.upperBound {
            var digits: [Int] = []
            while index < range.upperBound, case let (scalar, next) = decode(at: index), isDigit(scalar) {
                digits.append(index)
                index = next
            }
            for (place, digit) in digits.enumerated() where (digits.count - place) % 3 == 0 && digit > start {
                piece(start..<digit)
                start = digit
            }
            if index < range.upperBound { index = read(at: index).next }
        }
        if start < range.upperBound { piece(start..<range.upperBound) }
    }

    /// `\d`
    private func isDigit(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.generalCategory == .decimalNumber }

    private func trailingWhitespaceStart(in range: Range<Int>) -> Int {
        var start = range.lowerBound
        var index = range.lowerBound
        while index < range.upperBound {
            let (kind, next) = read(at: index)
            if !kind.isOne(of: .whitespace) { start = next }
            index = next
        }
        return start
    }
}
