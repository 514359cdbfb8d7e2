import LlamaStackAPI

/// Why a text is no YAML, in terms of what was written: libyaml tells where it could not go on, which may be far behind
/// the place of the mistake.
struct YAMLMistake {
    /// An error of libyaml.
    struct Complaint: Error {
        /// "could not find expected ':'"
        var problem: String
        var place: Position
        /// "while scanning a simple key", and where that began.
        var context: String
        var contextPlace: Position
        /// The scalar that was read last.
        var last: LastScalar?
    }

    struct LastScalar {
        var start: Position
        var end: Position
        var isQuoted: Bool
    }

    struct Report {
        var place: Position
        var message: String
        var hint: String?

        init(_ place: Position, _ message: String, _ hint: String? = nil) {
            (self.place, self.message, self.hint) = (place, message, hint)
        }
    }

    let complaint: Complaint
    let lines: YAMLLines

    var report: Report {
        unclosedReference ?? tab ?? lookAlike ?? quoted ?? missingColon ?? secondColon ?? list ?? mapping ?? flow
            ?? firstCharacter ?? document
            ?? Report(place, (context.isEmpty ? "" : context + ": ") + problem)
    }

    var problem: String { complaint.problem }
    var context: String { complaint.context }
    var place: Position { complaint.place }
    var contextPlace: Position { complaint.contextPlace }

    // MARK: characters

    /// `{port: ${env.PORT}}`: the second brace begins a mapping.
    var unclosedReference: Report? {
        guard context.contains("flow"), lines[place] == "{", place.column > 1 else { return nil }
        let start = Position(line: place.line, column: place.column - 1)
        guard lines[start] == "$" else { return nil }
        let rest = lines.text(from: start)
        let reference = rest.firstIndex(of: "}").map { String(rest[...$0]) } ?? "${env.NAME}"
        let brackets = context.contains("sequence") ? "[ ]" : "{ }"
        return Report(
            start, "a reference inside \(brackets) must be in quotes",
            "write \"\(reference)\", or use the form without \(brackets): "
                + (context.contains("sequence") ? "an item a line" : "a key a line"))
    }

    var tab: Report? {
        let line = lines[place.line]
        let indentation = line.prefix { $0 == " " || $0 == "\t" }
        let isAtTab = lines[place] == "\t"
        guard isAtTab || indentation.contains("\t") && place.column <= indentation.count + 1 || problem.contains("tab")
        else { return nil }
        let column = indentation.firstIndex(of: "\t").map { $0 + 1 } ?? place.column
        return Report(
            Position(line: place.line, column: column), "the line is indented with a tab",
            "YAML is indented with spaces, never with tabs")
    }

    var lookAlike: Report? {
        let first = complaint.last.map { min($0.start.line, place.line) } ?? place.line
        let begin = context.contains("scanning") ? contextPlace.line : first
        for line in min(begin, place.line)...place.line where place.line - line < 100 {
            if let unusual = lines.unusualBreaks[line - 1], let found = LookAlike(unusual) {
                let words = LookAlike.words(found, unusual)
                return Report(
                    Position(line: line - 1, column: lines[line - 1].count + 1), words.message, words.hint)
            }
            guard let index = LookAlike.suspect(in: lines[line]), let found = LookAlike(lines[line][index]) else {
                continue
            }
            let words = LookAlike.words(found, lines[line][index])
            return Report(Position(line: line, column: index + 1), words.message, words.hint)
        }
        return nil
    }

    var quoted: Report? {
        if context.contains("quoted scalar"), problem.contains("unexpected") {
            let mark = LookAlike.closing(in: lines[contextPlace.line], after: contextPlace.column)
            return Report(
                contextPlace, "this quotation mark is never closed",
                mark.map { "\(LookAlike.described($0)) on its line does not close it" })
        }
        if problem.contains("escape character") || problem.contains("hexdecimal") {
            return Report(
                place, "in \"…\" a backslash begins an escape, and this is none",
                "write '…' with single quotation marks, or \\\\ for a backslash")
        }
        guard let last = complaint.last, last.isQuoted, last.end.line == place.line else { return nil }
        if last.start.line < last.end.line {
            return Report(
                last.start, "this quotation mark is closed on line \(last.end.line) only",
                "close it where its text ends")
        }
        guard problem.contains("did not find"), !context.contains("flow"), lines[place] != nil else { return nil }
        return Report(
            place, "text after the closing quotation mark",
            "write \\\" for a quotation mark inside \"…\", or '…' around the whole value")
    }

    var firstCharacter: Report? {
        if problem.contains("cannot start any token"), let character = lines[place] {
            return Report(
                place, "a value can't begin with '\(character)'", "put the value in quotes")
        }
        if context.contains("scanning an anchor") || context.contains("scanning an alias"),
            let mark = lines[contextPlace]
        {
            return Report(contextPlace, "'\(mark)' has a meaning of its own in YAML", "put the value in quotes")
        }
        if context.contains("block scalar"), let mark = lines[contextPlace] {
            return Report(
                place, "text after '\(mark)', which begins a text of several lines",
                "put the value in quotes, or begin it on the next line")
        }
        return nil
    }
}

extension LookAlike {
    /// A typographic quotation mark that was perhaps meant to end what begins before it.
    fileprivate static func closing(in line: [Unicode.Scalar], after column: Int) -> Unicode.Scalar? {
        line.dropFirst(column).first { LookAlike($0)?.isQuotationMark == true }
    }
}
