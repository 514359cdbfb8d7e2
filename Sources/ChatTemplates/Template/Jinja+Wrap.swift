extension Jinja.Machine {
    /// One line as lines of at most `width` characters, as Python's `textwrap` cuts it with `expand_tabs` and
    /// `replace_whitespace` off.
    func wrapped(
        _ line: Text, _ width: Value, breaksWords: Bool, breaksAtHyphens: Bool
    ) throws(TemplateError) -> [Text] {
        let widest = width.asDouble ?? 0
        var chunks = Array(Self.chunks(of: line, breaksAtHyphens: breaksAtHyphens).reversed())
        var lines: [Text] = []
        while let next = chunks.last {
            if !lines.isEmpty, next.stripped(nil).isEmpty {
                chunks.removeLast()
                if chunks.isEmpty { break }
            }
            try charge(1 + next.weight / 16)
            var current: [Text] = []
            var length = 0
            while let chunk = chunks.last, Double(length + chunk.count) <= widest {
                current.append(chunk)
                length += chunk.count
                chunks.removeLast()
            }
            if let chunk = chunks.last, Double(chunk.count) > widest {
                if breaksWords {
                    // None is left where the line is full: the word begins on the next, and the space before it stays.
                    var room = 1
                    if widest >= 1 {
                        guard let width = width.asInt else { throw fault("wordwrap breaks words at a whole width") }
                        room = width - length
                    }
                    if breaksAtHyphens, room < chunk.count {
                        let head = chunk.slice(0..<chunk.offsets[room])
                        if let hyphen = head.string.unicodeScalars.map({ $0 == "-" }).lastIndex(of: true), hyphen > 0,
                            head.bytes[..<head.offsets[hyphen]].contains(where: { $0 != UInt8(ascii: "-") })
                        {
                            room = hyphen + 1
                        }
                    }
                    let end = chunk.offsets[min(room, chunk.count)]
                    current.append(chunk.slice(0..<end))
                    chunks[chunks.count - 1] = chunk.slice(end..<chunk.bytes.count)
                } else if current.isEmpty {
                    current.append(chunk)
                    chunks.removeLast()
                }
            }
            if let last = current.last, last.stripped(nil).isEmpty { current.removeLast() }
            if current.isEmpty { continue }
            var joined = Text()
            for chunk in current { joined.append(chunk) }
            lines.append(joined)
        }
        return lines
    }

    /// White space and words in turn; a word ends behind a hyphen between letters.
    private static func chunks(of line: Text, breaksAtHyphens: Bool) -> [Text] {
        var chunks: [Text] = []
        var start = 0
        let offsets = line.offsets
        let scalars = Array(line.string.unicodeScalars)
        func isBlank(_ place: Int) -> Bool { "\t\n\u{B}\u{C}\r ".unicodeScalars.contains(scalars[place]) }
        func isLetter(_ place: Int) -> Bool {
            scalars.indices.contains(place) && (scalars[place].properties.isAlphabetic || scalars[place] == "_")
        }
        for place in scalars.indices {
            let next = place + 1
            let isLast = next == scalars.count
            let endsRun = !isLast && isBlank(place) != isBlank(next)
            let endsPart =
                breaksAtHyphens && scalars[place] == "-" && isLetter(place - 1) && isLetter(place - 2)
                && isLetter(place + 1) && isLetter(place + 2)
            if isLast || endsRun || endsPart {
                chunks.append(line.slice(offsets[start]..<offsets[next]))
                start = next
            }
        }
        return chunks
    }
}
