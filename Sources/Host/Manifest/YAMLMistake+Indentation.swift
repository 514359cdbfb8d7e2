/// Lines whose indentation fits nothing.
extension YAMLMistake {
    var list: Report? {
        guard problem.contains("expected '-' indicator") else { return nil }
        guard let start = lines.start(of: place.line), start.column >= place.column else {
            return Report(place, problem)
        }
        let item = (contextPlace.line..<max(contextPlace.line, place.line)).reversed().first { line in
            lines.start(of: line).map { $0.column == contextPlace.column && lines[$0] == "-" } ?? false
        }
        guard let item, let key = lines.textStart(of: item) else { return Report(place, problem) }
        if start.column > contextPlace.column { return indentation(start, like: key) }
        if start.column == contextPlace.column {
            return Report(
                start, "an item of the list of line \(contextPlace.line) begins with '- '",
                "write '- ' before it, or indent it like the keys of line \(key.line)")
        }
        return indentation(start, like: nearest(to: start))
    }

    var mapping: Report? {
        guard problem.contains("did not find expected key"), let start = lines.start(of: place.line) else { return nil }
        if start == place {
            if lines[place] == "-" {
                return Report(
                    place, "a list's item where a key was expected",
                    "remove the '-', or indent the list further than the key that it belongs to")
            }
            return indentation(start, like: nearest(to: start))
        }
        let bracket = lines[place]
        if bracket == "]" || bracket == "}", let bracket {
            return Report(place, "a '\(bracket)' that nothing has opened")
        }
        return Report(place, "text after the end of the value", "put the whole value in quotes")
    }

    /// The key above whose indentation differs least.
    private func nearest(to start: Position) -> Position? {
        (max(1, start.line - 100)..<start.line).reversed().compactMap { lines.start(of: $0) }
            .filter { lines[$0] != "-" }
            .min { abs($0.column - start.column) < abs($1.column - start.column) }
    }

    /// - Parameter wanted: a key that the line was probably meant to be beside.
    func indentation(_ start: Position, like wanted: Position?) -> Report {
        let own = start.column - 1
        guard let wanted, wanted.column != start.column else {
            return Report(start, "the line is indented by \(own), and no line above it that it could belong to is")
        }
        return Report(
            start, "the line is indented by \(own), line \(wanted.line) by \(wanted.column - 1)",
            "indent it like line \(wanted.line), or further if it belongs to its last key")
    }

    var document: Report? {
        guard problem.contains("<document start>") else { return nil }
        if let above = (1..<max(place.line, 2)).compactMap({ lines.start(of: $0) }).first, above.column > place.column,
            let start = lines.start(of: place.line), start == place
        {
            return Report(
                above, "the line is indented by \(above.column - 1), line \(place.line) by \(place.column - 1)",
                "indent both alike")
        }
        return Report(
            place, "text after the end of the distribution", "a distribution is one mapping: keys, each with a ':'")
    }
}
