/// Mistakes inside `{ }` and `[ ]`.
extension YAMLMistake {
    var flow: Report? {
        guard context.contains("flow mapping") || context.contains("flow sequence"),
            let open = lines[contextPlace], open == "{" || open == "["
        else { return nil }
        let close: Unicode.Scalar = open == "{" ? "}" : "]"
        if lines[place] == "]" || lines[place] == "}", let found = lines[place], found != close {
            return Report(
                place, "'\(found)' where the '\(open)' of line \(contextPlace.line) is to be closed", "write '\(close)'"
            )
        }
        guard isClosed(open, close) else {
            return Report(contextPlace, "this '\(open)' is never closed", "close it with '\(close)'")
        }
        guard problem.contains("expected ','") else { return nil }
        let start = wordStart(before: place)
        let word = lines.text(from: start).prefix { !" ,:{}[]".contains($0) }
        return Report(
            start, "no ',' before \(Quote.short(String(word)))",
            "what stands between \(open) and \(close) is parted by commas")
    }

    /// Whether the bracket of the context has its counterpart, quoted text left out.
    private func isClosed(_ open: Unicode.Scalar, _ close: Unicode.Scalar) -> Bool {
        var depth = 0
        var quote: Unicode.Scalar?
        for line in contextPlace.line...max(contextPlace.line, lines.lines.count) {
            var previous: Unicode.Scalar = " "
            for scalar in line == contextPlace.line ? lines[line].dropFirst(contextPlace.column - 1) : lines[line][...]
            {
                defer { previous = scalar }
                if let mark = quote {
                    if scalar == mark { quote = nil }
                    continue
                }
                switch scalar {
                case "\"", "'": if " [{,:".unicodeScalars.contains(previous) { quote = scalar }
                case open: depth += 1
                case close: depth -= 1
                default: break
                }
                if scalar == "#", previous == " " { break }
                if depth == 0 { return true }
            }
        }
        return false
    }

    /// The start of the key whose ':' is at `place`; the place itself where there is another character.
    private func wordStart(before place: Position) -> Position {
        guard lines[place] == ":" else { return place }
        let line = lines[place.line]
        var column = place.column
        while column > 1, !" ,{[".unicodeScalars.contains(line[column - 2]) { column -= 1 }
        return Position(line: place.line, column: column)
    }
}
