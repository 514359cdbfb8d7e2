/// The lines of a YAML text as libyaml counts them, for a message about one that can't be read.
struct YAMLLines {
    /// Without line breaks.
    let lines: [[Unicode.Scalar]]
    /// By the line that it ends: a line break that no editor shows as one.
    let unusualBreaks: [Int: Unicode.Scalar]

    init(_ bytes: [UInt8]) {
        var lines: [[Unicode.Scalar]] = [[]]
        var unusualBreaks: [Int: Unicode.Scalar] = [:]
        var previous: Unicode.Scalar = " "
        for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
            switch scalar {
            case "\n" where previous == "\r": break
            case "\n", "\r": lines.append([])
            case "\u{85}", "\u{2028}", "\u{2029}":
                unusualBreaks[lines.count] = scalar
                lines.append([])
            default: lines[lines.count - 1].append(scalar)
            }
            previous = scalar
        }
        (self.lines, self.unusualBreaks) = (lines, unusualBreaks)
    }

    /// Empty beyond the last.
    subscript(line: Int) -> [Unicode.Scalar] { lines.indices.contains(line - 1) ? lines[line - 1] : [] }

    subscript(position: Position) -> Unicode.Scalar? {
        let line = self[position.line]
        return line.indices.contains(position.column - 1) ? line[position.column - 1] : nil
    }

    /// The rest of the line, without a comment and the space before it.
    func text(from position: Position) -> String {
        let rest = self[position.line].dropFirst(position.column - 1)
        var end = rest.endIndex
        for index in rest.indices where rest[index] == "#" && (index == rest.startIndex || rest[index - 1] == " ") {
            end = index
            break
        }
        var kept = rest[..<end]
        while let last = kept.last, last == " " || last == "\t" { kept.removeLast() }
        return Self.string(kept)
    }

    /// The part of the line before the place.
    func before(_ position: Position) -> String { Self.string(self[position.line].prefix(position.column - 1)) }

    /// The place of the first character that is no space; nil for a line that holds nothing or a comment.
    func start(of line: Int) -> Position? {
        let text = self[line]
        guard let index = text.firstIndex(where: { $0 != " " && $0 != "\t" }), text[index] != "#" else { return nil }
        return Position(line: line, column: index + 1)
    }

    /// The nearest line above that holds something.
    func start(above line: Int) -> Position? {
        guard line > 1 else { return nil }
        return (1..<line).last { start(of: $0) != nil }.flatMap { start(of: $0) }
    }

    /// Where an item's own text begins: after the '-' of its list, or of several.
    func textStart(of line: Int) -> Position? {
        guard var place = start(of: line) else { return nil }
        while self[place] == "-", let next = self[Position(line: line, column: place.column + 1)], next == " " {
            let rest = self[line].dropFirst(place.column)
            guard let index = rest.firstIndex(where: { $0 != " " }) else { break }
            place.column = index + 1
        }
        return place
    }

    static func string(_ scalars: some Sequence<Unicode.Scalar>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }
}
