extension Jinja.Machine {
    private static var lineWidth: Int { 80 }

    /// Python's `pprint.pformat(value)`: a dict by its keys, and what does not fit a line in several.
    func prettyPrinted(_ value: Value) throws(TemplateError) -> Text {
        var text = Text()
        try pretty(try inOrder(value), indent: 0, after: 0, isOutermost: true, into: &text)
        return text
    }

    /// - Parameter after: the characters that close what this value is in, behind it on its last line.
    private func pretty(
        _ value: Value, indent: Int, after: Int, isOutermost: Bool = false, into text: inout Text
    ) throws(TemplateError) {
        let whole = try represented(value)
        try charge(1 + whole.weight / 8)
        if text.bytes.count > limits.outputBytesMax { try check(text) }
        if whole.count <= Self.lineWidth - indent - after {
            text.append(whole)
            return
        }
        switch value {
        case .map(let map): try pretty(map, indent: indent + 1, after: after + 1, into: &text)
        case .list(let list) where list.form == .list || list.form == .tuple:
            let isTuple = list.form == .tuple
            let end = isTuple ? list.items.count == 1 ? ",)" : ")" : "]"
            text.append(isTuple ? "(" : "[", trusted: true)
            for (place, item) in list.items.enumerated() {
                if place > 0 { lineBreak(",\n", indent + 1, into: &text) }
                let isLast = place == list.items.count - 1
                try pretty(item, indent: indent + 1, after: isLast ? after + end.utf8.count : 1, into: &text)
            }
            text.append(end, trusted: true)
        case .text(let given) where !given.isMarkup && !given.isEmpty:
            try pretty(given, indent: indent, after: after, isOutermost, into: &text)
        default: text.append(whole)
        }
    }

    private func pretty(_ map: Jinja.Map, indent: Int, after: Int, into text: inout Text) throws(TemplateError) {
        text.append("{")
        for (place, entry) in map.entries.enumerated() {
            if place > 0 { lineBreak(",\n", indent, into: &text) }
            let key = try represented(entry.key)
            text.append(key)
            text.append(": ")
            let isLast = place == map.entries.count - 1
            try pretty(entry.value, indent: indent + key.count + 2, after: isLast ? after : 1, into: &text)
        }
        text.append("}")
    }

    /// A text as literals under each other: a line each, and a long line between its words.
    private func pretty(
        _ given: Text, indent: Int, after: Int, _ isOutermost: Bool, into text: inout Text
    ) throws(TemplateError) {
        let indent = isOutermost ? indent + 1 : indent
        let after = isOutermost ? after + 1 : after
        let width = Self.lineWidth - indent
        var literals: [Text] = []
        let lines = lines(given, keepsEnds: true)
        for (place, line) in lines.enumerated() {
            let isLastLine = place == lines.count - 1
            let literal = try quoted(line)
            if literal.count <= (isLastLine ? width - after : width) {
                literals.append(literal)
                continue
            }
            var current = Text()
            let words = Self.wordsWithSpace(line)
            for (place, word) in words.enumerated() {
                var candidate = current
                candidate.append(word)
                let room = isLastLine && place == words.count - 1 ? width - after : width
                if try quoted(candidate).count <= room {
                    current = candidate
                } else {
                    if !current.isEmpty { literals.append(try quoted(current)) }
                    current = word
                }
            }
            if !current.isEmpty { literals.append(try quoted(current)) }
        }
        if isOutermost, literals.count > 1 { text.append("(") }
        for (place, literal) in literals.enumerated() {
            if place > 0 { lineBreak("\n", indent, into: &text) }
            text.append(literal)
        }
        if isOutermost, literals.count > 1 { text.append(")") }
    }

    private func quoted(_ text: Text) throws(TemplateError) -> Text {
        try charge(1 + text.weight / 8)
        return try represented(.text(text))
    }

    private func lineBreak(_ end: String, _ indent: Int, into text: inout Text) {
        text.append(end + String(repeating: " ", count: indent), trusted: true)
    }

    /// Words with the white space behind each.
    private static func wordsWithSpace(_ line: Text) -> [Text] {
        var words: [Text] = []
        let (offsets, scalars) = (line.offsets, Array(line.string.unicodeScalars))
        var start = 0
        for place in scalars.indices {
            let isLast = place == scalars.count - 1
            guard isLast || Jinja.isSpace(scalars[place]) && !Jinja.isSpace(scalars[place + 1]) else { continue }
            words.append(line.slice(offsets[start]..<offsets[place + 1]))
            start = place + 1
        }
        return words
    }

    /// The dicts in a value by their keys: numbers before texts, and those as they come that have no order.
    private func inOrder(_ value: Value) throws(TemplateError) -> Value {
        try charge(1)
        switch value {
        case .list(let given) where given.form == .list || given.form == .tuple:
            var items: [Value] = []
            for item in given.items { items.append(try inOrder(item)) }
            return try list(items, given.form)
        case .map(let map):
            var groups: [[Jinja.Map.Entry]] = Array(repeating: [], count: 5)
            for entry in map.entries { groups[Self.rank(entry.key)].append((entry.key, try inOrder(entry.value))) }
            var entries: [Jinja.Map.Entry] = []
            for group in groups {
                do throws(TemplateError) {
                    entries += try sorted(group, by: group.map(\.key), reverse: false)
                } catch {
                    if error.kind == .limit { throw error }
                    entries += group
                }
            }
            return .map(Jinja.Map(unique: entries))
        default: return value
        }
    }

    /// Where keys stand that cannot be compared: by the names of Python's types.
    private static func rank(_ key: Value) -> Int {
        switch key {
        case .none: 0
        case .bool, .int, .double, .wide: 1
        case .text: 2
        case .list: 3
        default: 4
        }
    }
}
