extension Jinja.Machine {
    /// Filters that make text of anything.
    func textFilter(
        _ name: String, _ value: Value, _ arguments: Jinja.Arguments
    ) throws(TemplateError) -> Value? {
        switch name {
        case "trim", "upper", "lower", "capitalize", "title", "replace", "string", "safe", "escape", "e",
            "forceescape", "center", "wordcount", "format", "striptags":
            break
        case "xmlattr": return try attributes(value, autospace: arguments.get(0, "autospace")?.isTrue ?? true)
        case "urlencode": return try urlEncoded(value)
        case "urlize": return try withLinks(value, arguments)
        case "pprint": return try self.text(try prettyPrinted(value))
        case "truncate": return try truncated(value, arguments)
        case "indent", "wordwrap":
            guard case .text(let text) = value else { throw fault("\(name) needs a text, got \(value.typeName)") }
            try charge(1 + text.weight / 8)
            return try name == "indent" ? indented(text, arguments) : wrapped(text, arguments)
        default: return nil
        }
        let text = try shown(value)
        try charge(1 + text.weight / 8)
        switch name {
        case "trim":
            switch arguments.get(0, "chars") {
            case nil, .some(.none): return .text(text.stripped(nil))
            case .text(let characters)?: return .text(text.stripped(characters))
            case let other?: throw fault("trim needs a text, got \(other.typeName)")
            }
        case "upper", "lower": return try self.text(Jinja.changed(text, name))
        case "capitalize": return try self.text(Jinja.capitalized(text))
        case "title":
            let titled = Jinja.titled(text, first: \.uppercaseMapping) {
                "-({[<".unicodeScalars.contains($0) || Jinja.isSpace($0)
            }
            return try self.text(titled.asMarkup(false))
        case "replace":
            guard let old = arguments.get(0, "old"), let new = arguments.get(1, "new") else {
                throw fault("replace needs two texts")
            }
            return try replace(text.asMarkup(false), try shown(old), try shown(new), arguments.get(2, "count"))
        case "safe": return .text(text.asMarkup(true))
        case "escape", "e": return .text(try escaped(text))
        case "forceescape": return .text(try escaped(text.asMarkup(false)))
        case "center":
            guard let width = (arguments.get(0, "width") ?? .int(80)).asInt else { throw fault("center needs a width") }
            return try padded(text, "center", width, nil)
        case "wordcount": return .int(Self.words(in: text))
        case "format":
            if arguments.named.isEmpty { return try formatted(text, try list(arguments.positional, .tuple)) }
            guard arguments.positional.isEmpty else { throw fault("format takes values or names, not both") }
            return try formatted(text, try map(arguments.named.map { (.trusted($0.0), $0.1) }))
        case "striptags": return try self.text(withoutTags(text))
        default: return .text(text)
        }
    }

    /// HTML's five marks as entities; markup as it is.
    func escaped(_ text: Text) throws(TemplateError) -> Text {
        if text.isMarkup { return text }
        var result = text
        for (mark, entity) in [("&", "&amp;"), (">", "&gt;"), ("<", "&lt;"), ("'", "&#39;"), ("\"", "&#34;")] {
            guard case .text(let next) = try replace(result, .trusted(mark), .trusted(entity), nil) else { continue }
            result = next
        }
        return result.asMarkup(true)
    }

    /// Runs of what Python's `\w` takes.
    private static func words(in text: Text) -> Int {
        var count = 0
        var isInside = false
        for scalar in text.string.unicodeScalars {
            let isWord = scalar == "_" || Jinja.isLetter(scalar) || scalar.properties.numericType != nil
            if isWord, !isInside { count += 1 }
            isInside = isWord
        }
        return count
    }

    private func withoutTags(_ text: Text) throws(TemplateError) -> Text {
        var kept = text.asMarkup(false)
        for (open, close) in [("<!--", "-->"), ("<", ">")] {
            var result = Text()
            var place = 0
            while let start = kept.find(Array(open.utf8), from: place),
                let end = kept.find(Array(close.utf8), from: start)
            {
                try charge(1)
                result.append(kept.slice(place..<start))
                place = end + close.utf8.count
            }
            result.append(kept.slice(place..<kept.bytes.count))
            kept = result
        }
        var joined = Text()
        for (place, word) in kept.splitAtSpace(limit: .max).enumerated() {
            if place > 0 { joined.append(" ") }
            joined.append(word)
        }
        for (entity, mark) in [("&lt;", "<"), ("&gt;", ">"), ("&#39;", "'"), ("&#34;", "\""), ("&quot;", "\"")] {
            joined = joined.replacing(
                Array(entity.utf8), with: Text(mark, trusted: joined.isWhollyTrusted), limit: .max)
        }
        return joined.replacing(Array("&amp;".utf8), with: Text("&", trusted: joined.isWhollyTrusted), limit: .max)
    }

    /// ` key="value"` for each entry that is there.
    private func attributes(_ value: Value, autospace: Bool) throws(TemplateError) -> Value {
        guard case .map(let map) = value else { throw fault("xmlattr needs a dict, got \(value.typeName)") }
        var result = Text()
        for entry in map.entries {
            if case .none = entry.value { continue }
            if entry.value.isUndefined { continue }
            guard case .text(let key) = entry.key,
                !key.string.unicodeScalars.contains(where: { Jinja.isSpace($0) || "/>=".unicodeScalars.contains($0) })
            else { throw fault("xmlattr needs names as keys") }
            if autospace || !result.isEmpty { result.append(" ") }
            result.append(try escaped(key))
            result.append("=\"")
            result.append(try escaped(try shown(entry.value)))
            result.append("\"")
            if result.bytes.count > limits.outputBytesMax { try check(result) }
        }
        return try text(result)
    }

    private func urlEncoded(_ value: Value) throws(TemplateError) -> Value {
        var pairs: [Value]
        switch value {
        case .map(let map): pairs = try self.pairs(of: map)
        case .list, .iterator, .undefined: pairs = try items(of: value, for: "urlencode")
        default: return try self.text(try quoted(value, keepsSlash: true))
        }
        var result = Text()
        for (place, pair) in pairs.enumerated() {
            let parts = try items(of: pair, for: "urlencode")
            guard parts.count == 2 else { throw fault("urlencode needs pairs, got \(parts.count) values") }
            if place > 0 { result.append("&") }
            result.append(try quoted(parts[0], keepsSlash: false))
            result.append("=")
            result.append(try quoted(parts[1], keepsSlash: false))
            try check(result)
        }
        return .text(result)
    }

    /// Percent-encoded for a path, or, without slashes and with `+` for spaces, for a query.
    private func quoted(_ value: Value, keepsSlash: Bool) throws(TemplateError) -> Text {
        let text = try shown(value)
        let digits = Array("0123456789ABCDEF".utf8)
        var result = Text()
        for run in text.runs {
            try charge(1 + run.range.count / 4)
            var written: [UInt8] = []
            for byte in text.bytes[run.range] {
                let isLetter = byte | 32 >= 97 && byte | 32 <= 122
                if isLetter || (byte >= 48 && byte <= 57) || "_.-~".utf8.contains(byte) || (byte == 47 && keepsSlash) {
                    written.append(byte)
                } else if byte == 32, !keepsSlash {
                    written.append(UInt8(ascii: "+"))
                } else {
                    written += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
                }
            }
            result.append(written, as: run.origin)
        }
        return result
    }

    private func indented(_ text: Text, _ arguments: Jinja.Arguments) throws(TemplateError) -> Value {
        var indention = Text()
        switch arguments.get(0, "width") ?? .int(4) {
        case .text(let given): indention = given
        case let given:
            guard let width = given.asInt else { throw fault("indent needs a width, got \(given.typeName)") }
            indention = .trusted(String(repeating: " ", count: max(0, min(width, limits.indentMax))))
        }
        if text.isMarkup { indention = try escaped(indention.asMarkup(true)) }
        let indentsFirst = arguments.get(1, "first")?.isTrue ?? false
        let indentsBlank = arguments.get(2, "blank")?.isTrue ?? false
        var body = text
        body.append("\n")
        var result = text.slice(0..<0)
        for (place, line) in lines(body).enumerated() {
            try charge(1 + indention.weight / 32)
            if place > 0 { result.append("\n") }
            if place == 0 ? indentsFirst : indentsBlank || !line.isEmpty { result.append(indention) }
            result.append(line)
            if result.bytes.count > limits.outputBytesMax { try check(result) }
        }
        return try self.text(result)
    }

    private func truncated(_ value: Value, _ arguments: Jinja.Arguments) throws(TemplateError) -> Value {
        func whole(_ place: Int, _ name: String, _ fallback: Int) throws(TemplateError) -> Int {
            switch arguments.get(place, name) {
            case nil: return fallback
            case .some(.none) where name == "leeway": return fallback
            case let given?:
                guard let number = given.asInt else { throw fault("\(name) needs a number, got \(given.typeName)") }
                return max(min(number, limits.outputBytesMax), -1)
            }
        }
        let length = try whole(0, "length", 255)
        let cutsWords = arguments.get(1, "killwords")?.isTrue ?? false
        guard case .text(let end) = arguments.get(2, "end") ?? .trusted("...") else { throw fault("end needs a text") }
        let leeway = try whole(3, "leeway", 5)
        guard length >= end.count, leeway >= 0 else { throw fault("truncate needs a length of at least \(end.count)") }
        switch value {
        case .list(let list) where list.items.count <= length + leeway: return value
        case .map(let map) where map.entries.count <= length + leeway: return value
        case .undefined: return value
        case .text(let text):
            try charge(1 + text.weight / 8)
            let offsets = text.offsets
            if offsets.count - 1 <= length + leeway { return value }
            var kept = text.slice(0..<offsets[length - end.count])
            if !cutsWords, let space = kept.bytes.lastIndex(of: 32) { kept = kept.slice(0..<space) }
            kept.append(text.isMarkup ? try escaped(end) : end)
            return try self.text(kept)
        default: throw fault("truncate needs a text, got \(value.typeName)")
        }
    }

    /// Python's `textwrap.wrap` for each line, with white space kept as it is.
    private func wrapped(_ text: Text, _ arguments: Jinja.Arguments) throws(TemplateError) -> Value {
        let lines = lines(text.asMarkup(false))
        if lines.isEmpty { return .text(Text()) }
        let width = arguments.get(0, "width") ?? .int(79)
        guard (width.asDouble ?? 0) > 0 else { throw fault("wordwrap needs a width above zero") }
        let breaksWords = arguments.get(1, "break_long_words")?.isTrue ?? true
        let separator: Text
        switch arguments.get(2, "wrapstring") ?? .none {
        case .none: separator = .trusted("\n")
        case .text(let given): separator = given
        case let other: throw fault("wrapstring needs a text, got \(other.typeName)")
        }
        let breaksAtHyphens = arguments.get(3, "break_on_hyphens")?.isTrue ?? true
        var result = Text()
        for (place, line) in lines.enumerated() {
            if place > 0 { result.append(separator) }
            let wrapped = try self.wrapped(line, width, breaksWords: breaksWords, breaksAtHyphens: breaksAtHyphens)
            for (place, part) in wrapped.enumerated() {
                try charge(1 + part.weight / 16)
                if place > 0 { result.append(separator) }
                result.append(part)
            }
            try check(result)
        }
        return .text(result)
    }
}
