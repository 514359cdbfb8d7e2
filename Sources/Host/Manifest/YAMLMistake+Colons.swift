/// A key and its value that YAML takes for something else.
extension YAMLMistake {
    /// `name starter`, `name:starter`, `name = starter`, `server`.
    var missingColon: Report? {
        if context.contains("simple key"), problem.contains("':'") {
            if let above = lines.start(above: contextPlace.line), opensText(above.line) {
                return Report(
                    contextPlace,
                    "this line belongs to the text that begins on line \(above.line), and is not indented",
                    "indent it further than its key")
            }
            return noColon(at: contextPlace)
        }
        guard problem.hasPrefix("mapping values"), let last = complaint.last, !last.isQuoted,
            last.start.line < place.line, last.end.line >= place.line || last.end.line == place.line - 1
        else { return nil }
        let before = lines.before(last.start).drop { $0 == " " || $0 == "-" || $0 == "?" }
        if before.isEmpty, let start = lines.textStart(of: last.start.line) {
            return noDash(at: start) ?? noColon(at: start)
        }
        // The value of a key goes on in the next line when that is indented further than the key.
        guard let key = lines.textStart(of: last.start.line), let start = lines.textStart(of: place.line) else {
            return nil
        }
        return noDash(at: key) ?? indentation(start, like: key)
    }

    private func opensText(_ line: Int) -> Bool {
        guard let start = lines.start(of: line) else { return false }
        let text = lines.text(from: start)
        return [": |", ": >", ": |-", ": >-", ": |+", ": >+"].contains { text.hasSuffix($0) }
    }

    /// `-provider_id: echo`.
    private func noDash(at start: Position) -> Report? {
        guard lines[start] == "-", let next = lines[Position(line: start.line, column: start.column + 1)], next != " "
        else { return nil }
        let text = lines.text(from: start)
        return Report(start, "no space after the '-' of a list's item", "write '- \(Self.shown(text.dropFirst()))'")
    }

    private func noColon(at start: Position) -> Report {
        let text = lines.text(from: start)
        let key = String(text.prefix { $0 != " " && $0 != ":" && $0 != "=" && $0 != "\t" })
        var rest = text.dropFirst(key.count)
        let afterKey = Position(line: start.line, column: start.column + key.unicodeScalars.count)
        let shown = Quote.short(key)
        let message: String
        if rest.first == ":" {
            rest = rest.dropFirst()
            message = "no space after the ':' of \(shown)"
        } else if rest.drop(while: { $0 == " " }).first == "=" {
            rest = rest.drop { $0 == " " }.dropFirst()
            message = "'=' in place of ':' after \(shown)"
        } else {
            message = "no ':' after \(shown)"
        }
        let value = Secrets.isSecret(key: key) ? "…" : rest.drop { $0 == " " }
        return Report(
            message.hasPrefix("no ':'") ? start : afterKey, message,
            "write '\(Self.shown(value.isEmpty ? "\(key):" : "\(key): \(value)"))'")
    }

    /// `name: a: b`.
    var secondColon: Report? {
        guard problem.hasPrefix("mapping values") else { return nil }
        guard let start = lines.textStart(of: place.line), start < place else {
            return Report(place, "a ':' without a key before it", nil)
        }
        let text = lines.text(from: start)
        guard let colon = text.firstRange(of: ": ") else { return Report(place, problem) }
        let key = text[..<colon.lowerBound]
        let value = Secrets.isSecret(key: String(key)) ? "…" : text[colon.upperBound...]
        return Report(
            place, "a second ': ' in the value of \(Quote.short(String(key)))",
            "put the value in quotes: \(Self.shown("\(key): \"\(value)\""))")
    }

    private static func shown(_ text: some StringProtocol) -> String {
        Quote.printable(String(text), charactersMax: 60)
    }
}
