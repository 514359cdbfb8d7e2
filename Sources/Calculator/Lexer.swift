/// A piece of an expression, and the column where it begins.
struct Token: Sendable {
    enum Kind: Sendable, Equatable {
        case number(Fraction)
        case name(String)
        /// An operator or a parenthesis, in the one spelling that the parser knows.
        case symbol(Character)
        case end
    }

    var kind: Kind
    var column: Int
    /// As it was written.
    var text: String
}

/// Takes an expression apart.
struct Lexer {
    /// Spellings of operators.
    private static let symbols: [Character: Character] = [
        "+": "+", "-": "-", "−": "-", "–": "-", "*": "*", "×": "*", "·": "*", "⋅": "*", "∙": "*", "/": "/", "÷": "/",
        ":": "/", "^": "^", "%": "%", "!": "!", "(": "(", ")": ")", "[": "(", "]": ")", ",": ",", ";": ",", "√": "√",
        "°": "°", "=": "=",
    ]

    private let characters: [Character]
    private let limits: CalculatorLimits
    private var place = 0
    /// For each open parenthesis, whether it holds the arguments of a function: there a comma always separates.
    private var open: [Bool] = []

    private init(_ text: String, _ limits: CalculatorLimits) {
        (characters, self.limits) = (Array(text), limits)
    }

    /// The last token is the end.
    static func tokens(of text: String, _ limits: CalculatorLimits) throws(CalculatorError) -> [Token] {
        guard text.unicodeScalars.count <= limits.charactersMax else {
            throw CalculatorError(
                1, "the expression is too long: at most \(limits.charactersMax) characters are read")
        }
        var lexer = Lexer(text, limits)
        var tokens: [Token] = []
        repeat { tokens.append(try lexer.next(after: tokens.last)) } while tokens.last?.kind != .end
        return tokens
    }

    private mutating func next(after last: Token?) throws(CalculatorError) -> Token {
        while place < characters.count, characters[place].isWhitespace { place += 1 }
        let start = place
        guard start < characters.count else { return Token(kind: .end, column: start + 1, text: "the end") }
        let character = characters[start]
        if Self.isDigit(character)
            || character == "." && start + 1 < characters.count
                && Self.isDigit(characters[start + 1])
        {
            let number = try number()
            return Token(kind: .number(number), column: start + 1, text: String(characters[start..<place]))
        }
        if character.isLetter {
            while place < characters.count, characters[place].isLetter || Self.isDigit(characters[place]) {
                place += 1
            }
            let word = String(characters[start..<place])
            return Token(kind: .name(word.lowercased()), column: start + 1, text: word)
        }
        guard let symbol = Self.symbols[character] else {
            throw CalculatorError(start + 1, "'\(character)' is not understood")
        }
        place += 1
        if character == "*", place < characters.count, characters[place] == "*" {
            place += 1
            return Token(kind: .symbol("^"), column: start + 1, text: "**")
        }
        if symbol == "(" {
            if case .name? = last?.kind { open.append(true) } else { open.append(false) }
        } else if symbol == ")" {
            _ = open.popLast()
        }
        return Token(kind: .symbol(symbol), column: start + 1, text: String(character))
    }

    // MARK: numbers

    /// `12`, `1,234.5`, `.5`, `2.5e-3`.
    private mutating func number() throws(CalculatorError) -> Fraction {
        let start = place
        var digits = takeDigits()
        if open.last != true, (1...3).contains(digits.count) {
            while let group = takeGroup() { digits += group }
        }
        var places = 0
        if place < characters.count, characters[place] == "." {
            place += 1
            let behind = takeDigits()
            digits += behind
            places = behind.count
        }
        let exponent = try takeExponent()
        guard digits.count <= limits.digitsMax, abs(exponent) <= limits.digitsMax else {
            throw CalculatorError(start + 1, "the number is too long: at most \(limits.digitsMax) digits are read")
        }
        let whole = BigInteger(digits: digits)
        let shift = exponent - places
        let power = BigInteger.ten.power(abs(shift))
        return shift < 0 ? Fraction(whole, over: power) : Fraction(whole * power)
    }

    private mutating func takeDigits() -> [UInt8] {
        var digits: [UInt8] = []
        while place < characters.count, Self.isDigit(characters[place]), let digit = characters[place].asciiValue {
            digits.append(digit)
            place += 1
        }
        return digits
    }

    /// A comma and three digits, no more: thousands.
    private mutating func takeGroup() -> [UInt8]? {
        guard place + 3 < characters.count, characters[place] == ",",
            characters[place + 1...place + 3].allSatisfy(Self.isDigit),
            place + 4 == characters.count || !Self.isDigit(characters[place + 4])
        else { return nil }
        place += 1
        return takeDigits()
    }

    /// 0 where there is none. An `e` without digits is the constant.
    private mutating func takeExponent() throws(CalculatorError) -> Int {
        guard place < characters.count, characters[place] == "e" || characters[place] == "E" else { return 0 }
        var at = place + 1
        let sign = at < characters.count && ["-", "−", "+"].contains(characters[at]) ? characters[at] : nil
        if sign != nil { at += 1 }
        guard at < characters.count, Self.isDigit(characters[at]) else { return 0 }
        let start = place
        place = at
        let digits = String(decoding: takeDigits(), as: UTF8.self)
        guard let value = Int(digits) else { throw CalculatorError(start + 1, "the exponent is too large") }
        return sign == nil || sign == "+" ? value : -value
    }

    private static func isDigit(_ character: Character) -> Bool { "0"..."9" ~= character && character.isASCII }
}
