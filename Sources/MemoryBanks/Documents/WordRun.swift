/// Letters and digits of one kind of script that follow each other, folded.
struct WordRun {
    enum Script {
        /// Words have spaces between them.
        case spaced
        /// Chinese characters and kana.
        case ideographic
        /// Thai, Lao, Burmese, Khmer and their neighbours: letters with marks, and no spaces.
        case unspaced
        /// Korean: spaces, but particles at the ends of words.
        case hangul
    }

    var script: Script?
    var scalars: [Unicode.Scalar] = []

    /// The words under which a document's run is indexed.
    var indexed: [String] {
        switch script {
        case .spaced, nil: return [text(scalars[...])]
        case .hangul: return KoreanWord(scalars).words
        case .ideographic, .unspaced:
            let signs = signs
            return signs.map(text) + pairs(signs) + dictionaryWords.filter { $0.count > 1 }.map(\.text)
        }
    }

    /// The words that a query's run asks for: of two signs and more the pairs, because a single sign says little.
    var asked: [String] {
        switch script {
        case .spaced, nil: return [text(scalars[...])]
        case .hangul: return KoreanWord(scalars).words
        case .ideographic, .unspaced:
            let signs = signs
            return signs.count == 1 ? signs.map(text) : pairs(signs) + dictionaryWords.map(\.text)
        }
    }

    /// Each letter with the marks on it and what is joined to it from below.
    private var signs: [ArraySlice<Unicode.Scalar>] {
        var signs: [ArraySlice<Unicode.Scalar>] = []
        var start = 0
        for index in scalars.indices.dropFirst()
        where !scalars[index].isMark && !scalars[index - 1].joinsNext {
            signs.append(scalars[start..<index])
            start = index
        }
        signs.append(scalars[start...])
        return signs
    }

    private func pairs(_ signs: [ArraySlice<Unicode.Scalar>]) -> [String] {
        zip(signs, signs.dropFirst()).map { text(scalars[$0.startIndex..<$1.endIndex]) }
    }

    /// Empty where there is no dictionary.
    private var dictionaryWords: [(text: String, count: Int)] {
        WordBoundaries.pieces(of: scalars).map { piece in
            (text(scalars[piece]), scalars[piece].reduce(0) { $0 + ($1.isMark ? 0 : 1) })
        }
    }

    private func text(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars)
        return String(text)
    }
}

/// A Korean word: itself, itself without a particle at its end, and the pairs of its syllables.
struct KoreanWord {
    private let syllables: [Unicode.Scalar]

    init(_ syllables: [Unicode.Scalar]) { self.syllables = syllables }

    var words: [String] {
        let word = text(syllables[...])
        var words = [word]
        if let stem, stem != word { words.append(stem) }
        // A word of two syllables is its own pair.
        if syllables.count > 2 { words += zip(syllables, syllables.dropFirst()).map { text([$0, $1]) } }
        return words
    }

    /// nil: it has no particle, or nothing else.
    private var stem: String? {
        let length = (1...3).reversed().first { length in
            length < syllables.count && Self.particles.contains(text(syllables.suffix(length)))
        }
        return length.map { text(syllables.dropLast($0)) }
    }

    private func text(_ syllables: ArraySlice<Unicode.Scalar>) -> String {
        var text = String.UnicodeScalarView()
        text.append(contentsOf: syllables)
        return String(text)
    }

    /// Case, topic, plural and copula; the longest that fits goes.
    private static let particles = Set(
        """
        은 는 이 가 을 를 의 에 로 와 과 도 만 나 랑 들 께 야 요 에서 에게 으로 까지 부터 처럼 보다 이나 하고 이랑 한테 께서 마다 조차 밖에
        이다 라고 들은 들이 들을 들의 에는 에도 에서는 에서도 에게서 으로서 으로써 로서 로써 으로는 까지는 부터는 이라고 입니다 이라는 라는
        """.split { $0 == " " || $0 == "\n" }.map(String.init))
}

extension Unicode.Scalar {
    package var isMark: Bool {
        switch properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark: true
        default: false
        }
    }

    /// Khmer's coeng, Burmese's virama: the next consonant is written below this one.
    fileprivate var joinsNext: Bool { value == 0x17D2 || value == 0x1039 || value == 0x1A60 }

    /// nil: in no word.
    var script: WordRun.Script? {
        guard value >= 0x80 else {
            return (0x61...0x7A).contains(value) || (0x30...0x39).contains(value) ? .spaced : nil
        }
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
            .letterNumber, .otherNumber, .nonspacingMark, .spacingMark, .privateUse:
            break
        default: return nil
        }
        switch value {
        case 0x0E00...0x0EFF, 0x1000...0x109F, 0x1780...0x17FF, 0x1950...0x19DF, 0x1A20...0x1AAF, 0x1B00...0x1B7F,
            0xA980...0xA9FF, 0xAA60...0xAADF:
            return .unspaced
        case 0x3005...0x3007, 0x3021...0x3029, 0x3031...0x3035, 0x303B, 0x3041...0x312F, 0x31A0...0x31BF,
            0x31F0...0x31FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0x1B000...0x1B16F, 0x20000...0x3FFFF:
            return .ideographic
        case 0x1100...0x11FF, 0xA960...0xA97F, 0xAC00...0xD7FF: return .hangul
        default: return .spaced
        }
    }
}
