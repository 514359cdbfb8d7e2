/// Telephone numbers, cards, bank accounts.
extension SensitiveRule {
    /// Numbers as they are written to be called: international, North American, with the 0 of a national one, and
    /// mobile ones in one piece. A date has fewer digits.
    static let phones: [SensitiveRule] = [
        SensitiveRule(
            .phone, #"\+[1-9]\d{0,2}(?:(?:[ ./-]|\u00a0)?(?:\(0?\d{1,4}\)|\d{1,8})){1,7}"#, bytesMax: 40,
            accepts: { (8...17).contains(digits($0).count) }),
        SensitiveRule(
            .phone, #"00[1-9]\d{0,2}(?:[ ./-]?(?:\(0?\d{1,4}\)|\d{1,8})){1,7}"#, bytesMax: 40,
            mayBegin: isApart(before:_:), accepts: { (10...17).contains(digits($0).count) }),
        SensitiveRule(
            .phone, #"(?:1[ .-])?(?:\([2-9]\d{2}\) ?|[2-9]\d{2}[ .-])[2-9]\d{2}[ .-]\d{4}"#,
            mayBegin: isApart(before:_:), mayEnd: isApart(_:after:)),
        SensitiveRule(
            .phone, #"\(?0[1-9]\d{0,4}\)?[ /-]{1,3}\d{2,8}(?:[ -]\d{2,8}){0,4}"#, bytesMax: 30,
            mayBegin: isApart(before:_:), mayEnd: isApart(_:after:),
            accepts: { (9...12).contains(digits($0).count) }),
        SensitiveRule(
            .phone, #"01[5-7]\d{8,9}|0[67]\d{8,9}"#, mayBegin: isApart(before:_:), mayEnd: isApart(_:after:)),
    ]

    /// Not behind a piece of a longer number: `1-`, `3.`, `1 `, a word.
    private static func isApart(before text: [UInt8], _ start: Int) -> Bool {
        guard isBesideNoWord(before: text, start) else { return false }
        return !(start > 1 && " .-/+".utf8.contains(text[start - 1]) && isDigit(text[start - 2]))
            && !(start > 0 && text[start - 1] == 0x2B)
    }

    private static func isApart(_ text: [UInt8], after end: Int) -> Bool {
        guard isBesideNoWord(text, after: end) else { return false }
        return !(end + 1 < text.count && ".-/".utf8.contains(text[end]) && isDigit(text[end + 1]))
    }

    /// Digits in one piece, or in pieces with a blank between, or a hyphen.
    static let card = SensitiveRule(
        .card, #"[2-6]\d(?:[ -]?\d){10,17}"#,
        accepts: { match in
            let digits = digits(match)
            return Set(match.filter { !isDigit($0) }).count <= 1 && isIssued(digits) && hasCheckDigit(digits)
        })

    /// First digits of issuers, and the lengths of their cards.
    private static let issuers: [(first: ClosedRange<Int>, lengths: ClosedRange<Int>)] = [
        (400_000...499_999, 13...13), (400_000...499_999, 16...16), (400_000...499_999, 19...19),
        (510_000...559_999, 16...16), (222_100...272_099, 16...16),
        (340_000...349_999, 15...15), (370_000...379_999, 15...15), (300_000...305_999, 14...19),
        (360_000...369_999, 14...19), (380_000...399_999, 14...19), (352_800...358_999, 16...19),
        (620_000...629_999, 16...19), (601_100...601_199, 16...19), (644_000...659_999, 16...19),
        (500_000...509_999, 12...19), (560_000...589_999, 12...19), (630_000...639_999, 12...19),
        (670_000...679_999, 12...19),
    ]

    private static func isIssued(_ digits: [UInt8]) -> Bool {
        let first = digits.prefix(6).reduce(0) { $0 * 10 + Int($1) }
        return issuers.contains { $0.first.contains(first) && $0.lengths.contains(digits.count) }
    }

    /// The formula of Luhn, ISO/IEC 7812-1.
    private static func hasCheckDigit(_ digits: [UInt8]) -> Bool {
        var sum = 0
        for (index, digit) in digits.reversed().enumerated() {
            let value = index % 2 == 0 ? Int(digit) : 2 * Int(digit)
            sum += value > 9 ? value - 9 : value
        }
        return sum % 10 == 0
    }

    /// ISO 13616, in one piece or with blanks.
    static let iban = SensitiveRule(
        .iban, #"[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]){11,30}"#, ignoresCase: true,
        accepts: { match in
            let text = match.filter(isWord).map { isLetter($0) ? $0 & 0xDF : $0 }
            let country = String(decoding: text.prefix(2), as: UTF8.self)
            guard accountLengths[country] == text.count else { return false }
            let remainder = (text.dropFirst(4) + text.prefix(4)).reduce(0) { remainder, byte in
                isDigit(byte) ? (remainder * 10 + Int(byte) - 0x30) % 97 : (remainder * 100 + Int(byte) - 55) % 97
            }
            return remainder == 1
        })

    /// Characters of an IBAN by country.
    private static let accountLengths: [String: Int] = [
        "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BI": 27, "BR": 29,
        "BY": 28, "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DJ": 27, "DK": 18, "DO": 28, "EE": 20, "EG": 29,
        "ES": 24, "FI": 18, "FK": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28,
        "HN": 28, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20,
        "LB": 28, "LC": 32, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22, "MK": 19,
        "MN": 20, "MR": 27, "MT": 31, "MU": 30, "NI": 28, "NL": 18, "NO": 15, "OM": 23, "PK": 24, "PL": 28, "PS": 29,
        "PT": 25, "QA": 29, "RO": 24, "RS": 22, "RU": 33, "SA": 24, "SC": 31, "SD": 18, "SE": 24, "SI": 19, "SK": 24,
        "SM": 27, "SO": 23, "ST": 25, "SV": 28, "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20,
        "YE": 30,
    ]
}
