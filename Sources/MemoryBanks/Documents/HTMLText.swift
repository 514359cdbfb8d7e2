/// The text of an HTML page: what a reader would see, a line for each block. Linear in the page, whatever is in it.
///
/// A scanner, no parser: it follows tags, comments and quotes, leaves out what is not shown, and resolves references.
struct HTMLText {
    /// Their content is not shown. It ends at their own closing tag only.
    private static let hidden: Set<String> = [
        "script", "style", "template", "noscript", "svg", "math", "iframe", "object",
    ]
    /// What begins and ends a line.
    private static let blocks: Set<String> = [
        "address", "article", "aside", "blockquote", "body", "br", "caption", "dd", "details", "dialog", "div", "dl",
        "dt",
        "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "head", "header",
        "hr",
        "html", "legend", "li", "main", "nav", "ol", "option", "p", "pre", "section", "summary", "table", "tbody", "td",
        "tfoot", "th", "thead", "title", "tr", "ul",
    ]

    private let page: [UInt8]
    private var index = 0
    private var text = TextLines()

    private init(_ page: String) { self.page = Array(page.utf8) }

    static func read(_ page: String) -> String {
        var reader = HTMLText(page)
        reader.run()
        return reader.text.finished
    }

    private mutating func run() {
        while index < page.count {
            switch page[index] {
            case UInt8(ascii: "<") where isMarkup(at: index + 1): markup()
            case UInt8(ascii: "&"): reference()
            default:
                text.append(page[index])
                index += 1
            }
        }
    }

    /// A lone `<` is text.
    private func isMarkup(at index: Int) -> Bool {
        guard index < page.count else { return false }
        switch page[index] {
        case UInt8(ascii: "!"), UInt8(ascii: "?"), UInt8(ascii: "/"): return true
        default: return Self.isLetter(page[index])
        }
    }

    private mutating func markup() {
        if starts("<!--") {
            index = find("-->", from: index + 4)
            return
        }
        let (name, isEnd) = tag()
        guard Self.hidden.contains(name), !isEnd else {
            if Self.blocks.contains(name) { text.breakLine() }
            return
        }
        // Its content is not markup: only its own end ends it.
        while index < page.count {
            index = find("</", from: index, past: false)
            guard index < page.count else { return }
            if tag().name == name { return }
        }
    }

    /// Reads one tag to past its `>`.
    private mutating func tag() -> (name: String, isEnd: Bool) {
        index += 1
        let isEnd = index < page.count && page[index] == UInt8(ascii: "/")
        if isEnd { index += 1 }
        var name: [UInt8] = []
        while index < page.count, Self.isLetter(page[index]) || Self.isDigit(page[index]) {
            // Small letters; a digit has that bit anyway.
            if name.count < 16 { name.append(page[index] | 0x20) }
            index += 1
        }
        var quote: UInt8?
        while index < page.count {
            let byte = page[index]
            index += 1
            if let open = quote {
                if byte == open { quote = nil }
            } else if byte == UInt8(ascii: ">") {
                break
            } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'"), !isEnd, !name.isEmpty {
                quote = byte
            }
        }
        return (String(decoding: name, as: UTF8.self), isEnd)
    }

    private mutating func reference() {
        var end = index + 1
        while end < page.count, end - index <= 10,
            Self.isLetter(page[end]) || Self.isDigit(page[end]) || page[end] == 0x23
        {
            end += 1
        }
        let name = String(decoding: page[(index + 1)..<end], as: UTF8.self)
        guard let scalar = Self.scalar(name) else {
            text.append(page[index])
            index += 1
            return
        }
        text.append(scalar)
        index = end < page.count && page[end] == UInt8(ascii: ";") ? end + 1 : end
    }

    private static func scalar(_ name: String) -> Unicode.Scalar? {
        if name.lowercased().hasPrefix("#x") {
            return UInt32(name.dropFirst(2), radix: 16).flatMap(Unicode.Scalar.init)
        }
        if name.hasPrefix("#") { return UInt32(name.dropFirst()).flatMap(Unicode.Scalar.init) }
        return named[name]
    }

    private static let named: [String: Unicode.Scalar] = [
        "amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'", "nbsp": " ", "ensp": " ", "emsp": " ",
        "thinsp": " ",
        "copy": "©", "reg": "®", "trade": "™", "hellip": "…", "mdash": "—", "ndash": "–", "lsquo": "‘", "rsquo": "’",
        "ldquo": "“", "rdquo": "”", "laquo": "«", "raquo": "»", "bull": "•", "middot": "·", "deg": "°", "times": "×",
        "euro": "€", "pound": "£", "yen": "¥", "cent": "¢", "sect": "§", "para": "¶", "plusmn": "±", "frac12": "½",
        "auml": "ä", "ouml": "ö", "uuml": "ü", "Auml": "Ä", "Ouml": "Ö", "Uuml": "Ü", "szlig": "ß", "eacute": "é",
        "egrave": "è", "ecirc": "ê", "agrave": "à", "aacute": "á", "acirc": "â", "ccedil": "ç", "iacute": "í",
        "oacute": "ó", "ocirc": "ô", "uacute": "ú", "ntilde": "ñ", "aring": "å", "aelig": "æ", "oslash": "ø",
        "shy": "\u{AD}",
    ]

    private func starts(_ word: String) -> Bool { page[index...].starts(with: word.utf8) }

    /// The place past the next `word` (or where it begins); the end when there is none.
    private func find(_ word: String, from start: Int, past: Bool = true) -> Int {
        let word = Array(word.utf8)
        var place = min(start, page.count)
        while place + word.count <= page.count {
            if page[place] == word[0], page[place..<place + word.count].elementsEqual(word) {
                return past ? place + word.count : place
            }
            place += 1
        }
        return page.count
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }
    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}

/// Text that grows by bytes, with runs of white space made one.
struct TextLines {
    private var bytes: [UInt8] = []
    private var gap: UInt8?

    mutating func append(_ byte: UInt8) {
        guard byte > 0x20 else {
            if gap == nil { gap = 0x20 }
            return
        }
        if let gap, !bytes.isEmpty { bytes.append(gap) }
        gap = nil
        bytes.append(byte)
    }

    mutating func append(_ scalar: Unicode.Scalar) { for byte in String(Character(scalar)).utf8 { append(byte) } }

    mutating func breakLine() { gap = 0x0A }

    var finished: String { String(decoding: bytes, as: UTF8.self) }
}
