extension Jinja.Machine {
    static let filterNames = [
        "abs", "attr", "batch", "capitalize", "center", "count", "d", "default", "dictsort", "e", "escape", "first",
        "float",
        "forceescape", "format", "groupby", "indent", "int", "items", "join", "last", "length", "list", "lower", "map",
        "max", "min",
        "reject", "rejectattr", "replace", "reverse", "round", "safe", "select", "selectattr", "slice", "sort",
        "string",
        "strip", "sum", "title", "tojson", "trim", "truncate", "unique", "upper", "urlencode", "wordcount",
    ]

    /// `value|name(arguments)`
    func filter(_ name: String, _ value: Value, _ arguments: Jinja.Arguments) throws(TemplateError) -> Value {
        if let text = try textFilter(name, value, arguments) { return text }
        if let list = try listFilter(name, value, arguments) { return list }
        switch name {
        case "default", "d":
            let isMissing = value.isUndefined || (arguments.get(1, "boolean")?.isTrue ?? false) && !value.isTrue
            return isMissing ? arguments.get(0, "default_value") ?? .text(Text()) : value
        case "tojson": return .text(try json(value, try style(arguments)))
        case "length", "count": return .int(try length(value))
        case "items":
            switch value {
            case .map(let map): return try items(map)
            case .undefined: return try list([])
            default: throw fault("items needs a dict, got \(value.typeName)")
            }
        case "int": return try asWhole(value, arguments)
        case "float":
            if let number = value.asDouble { return .double(number) }
            if case .text(let text) = value, let number = Double(text.stripped(nil).string) { return .double(number) }
            return arguments.get(0, "default") ?? .double(0)
        case "abs":
            if let number = value.asInt {
                return number < 0 ? try signed(.int(number), isNegative: true) : .int(number)
            }
            if let number = value.asDouble { return .double(abs(number)) }
            throw fault("abs needs a number, got \(value.typeName)")
        case "round": return try round(value, arguments)
        case "attr":
            guard case .text(let wanted)? = arguments.get(0, "name") else { throw fault("attr needs a name") }
            if case .map = value { return .undefined("the dict's attribute '\(wanted.string)'") }
            return try attribute(wanted.string, of: value)
        default:
            throw fault("no filter is named '\(name)'" + Jinja.suggestion(for: name, among: Self.filterNames))
        }
    }

    /// Filters that make text of anything.
    private func textFilter(
        _ name: String, _ value: Value, _ arguments: Jinja.Arguments
    ) throws(TemplateError) -> Value? {
        switch name {
        case "trim", "strip", "upper", "lower", "capitalize", "title", "replace", "string", "safe", "escape", "e",
            "forceescape",
            "indent", "center", "truncate", "wordcount", "format", "urlencode":
            break
        default: return nil
        }
        let text = try shown(value)
        try charge(1 + text.weight / 8)
        switch name {
        case "trim", "strip":
            guard case .text(let characters)? = arguments.get(0, "chars") else { return .text(text.stripped(nil)) }
            return .text(text.stripped(characters))
        case "upper", "lower": return try self.text(Jinja.changed(text, name))
        case "capitalize": return try self.text(Jinja.capitalized(text))
        case "title":
            return try self.text(
                Jinja.titled(text) { "-({[<".unicodeScalars.contains($0) || Jinja.isSpace($0) })
        case "replace":
            guard let old = arguments.get(0, "old"), let new = arguments.get(1, "new") else {
                throw fault("replace needs two texts")
            }
            return try replace(text, try shown(old), try shown(new), arguments.get(2, "count"))
        case "escape", "e", "forceescape": return try escaped(text)
        case "indent": return try indented(text, arguments)
        case "center": return try padded(text, "center", arguments.get(0, "width")?.asInt ?? 80, nil)
        case "truncate": return try truncated(text, arguments)
        case "wordcount": return .int(text.splitAtSpace(limit: .max).count)
        case "format":
            return try formatted(text, try list(arguments.positional, isTuple: true))
        case "urlencode": return try urlEncoded(text)
        default: return .text(text)
        }
    }

    private func escaped(_ text: Text) throws(TemplateError) -> Value {
        var result = text
        for (mark, entity) in [("&", "&amp;"), (">", "&gt;"), ("<", "&lt;"), ("'", "&#39;"), ("\"", "&#34;")] {
            guard case .text(let next) = try replace(result, .trusted(mark), .trusted(entity), nil) else { continue }
            result = next
        }
        return .text(result)
    }

    private func urlEncoded(_ text: Text) throws(TemplateError) -> Value {
        var result = Text()
        for run in text.runs {
            var written: [UInt8] = []
            for byte in text.bytes[run.range] {
                let isPlain =
                    (byte | 32 >= 97 && byte | 32 <= 122) || (byte >= 48 && byte <= 57) || "_.-~/".utf8.contains(byte)
                let digits = Array("0123456789ABCDEF".utf8)
                written += isPlain ? [byte] : [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
            result.append(written, as: run.isTrusted)
        }
        return try self.text(result)
    }

    private func indented(_ text: Text, _ arguments: Jinja.Arguments) throws(TemplateError) -> Value {
        var indention = Text()
        switch arguments.get(0, "width") {
        case .text(let given)?: indention = given
        case let given?: indention = .trusted(String(repeating: " ", count: max(0, min(given.asInt ?? 4, 1000))))
        case nil: indention = .trusted("    ")
        }
        let indentsFirst = arguments.get(1, "first")?.isTrue ?? false
        let indentsBlank = arguments.get(2, "blank")?.isTrue ?? false
        var body = text
        body.append("\n")
        var result = Text()
        for (place, line) in lines(body).enumerated() {
            try charge(1 + indention.weight / 32)
            if place > 0 { result.append("\n") }
            if place == 0 ? indentsFirst : indentsBlank || !line.isEmpty { result.append(indention) }
            result.append(line)
            if result.bytes.count > limits.outputBytesMax { try check(result) }
        }
        return try self.text(result)
    }

    private func truncated(_ text: Text, _ arguments: Jinja.Arguments) throws(TemplateError) -> Value {
        let length = min(arguments.get(0, "length")?.asInt ?? 255, limits.outputBytesMax)
        let cutsWords = arguments.get(1, "killwords")?.isTrue ?? false
        let end = try arguments.get(2, "end").map { value throws(TemplateError) in try shown(value) } ?? .trusted("...")
        let leeway = arguments.get(3, "leeway")?.asInt ?? 5
        let offsets = text.offsets
        guard length >= end.count, leeway >= 0 else { throw fault("truncate needs a length of at least \(end.count)") }
        if offsets.count - 1 <= length + min(leeway, limits.outputBytesMax) { return .text(text) }
        var kept = text.slice(0..<offsets[length - end.count])
        if !cutsWords, let space = kept.bytes.lastIndex(of: 32) { kept = kept.slice(0..<space) }
        kept.append(end)
        return try self.text(kept)
    }

    private func style(_ arguments: Jinja.Arguments) throws(TemplateError) -> Jinja.JSONStyle {
        // Positions as transformers declares them: ensure_ascii, indent, separators, sort_keys.
        if arguments.get(0, "ensure_ascii")?.isTrue ?? false {
            throw fault("tojson with ensure_ascii is not part of chat templates")
        }
        var style = Jinja.JSONStyle()
        switch arguments.get(1, "indent") {
        case nil, .some(.none): break
        case .text(let indent)?: style = Jinja.JSONStyle(indent: indent.bytes)
        case let given?:
            guard let width = given.asInt else { throw fault("indent needs a number, got \(given.typeName)") }
            style = Jinja.JSONStyle(indent: [UInt8](repeating: 32, count: max(0, min(width, 64))))
        }
        if case .list(let pair)? = arguments.get(2, "separators") {
            guard pair.items.count == 2, case .text(let between) = pair.items[0], case .text(let after) = pair.items[1]
            else {
                throw fault("separators needs two texts")
            }
            (style.betweenItems, style.afterKey) = (between.bytes, after.bytes)
        }
        style.sortsKeys = arguments.get(3, "sort_keys")?.isTrue ?? false
        return style
    }

    private func length(_ value: Value) throws(TemplateError) -> Int {
        switch value {
        case .text(let text):
            try charge(text.bytes.count / 32)
            return text.count
        case .list(let list): return list.items.count
        case .map(let map): return map.entries.count
        case .undefined: return 0
        case .loop(let loop): return loop.items.count
        default: throw fault("length needs a text, a list or a dict, got \(value.typeName)")
        }
    }

    private func asWhole(_ value: Value, _ arguments: Jinja.Arguments) throws(TemplateError) -> Value {
        let fallback = arguments.get(0, "default") ?? .int(0)
        if let number = value.asInt { return .int(number) }
        if let number = value.asDouble { return Int(exactly: number.rounded(.towardZero)).map { .int($0) } ?? fallback }
        guard case .text(let text) = value else { return fallback }
        let digits = String(text.stripped(nil).string.prefix(64))
        let base = arguments.get(1, "base")?.asInt ?? 10
        if base != 10, (2...36).contains(base) {
            let plain =
                digits.hasPrefix("0x") || digits.hasPrefix("0b") || digits.hasPrefix("0o")
                ? String(digits.dropFirst(2)) : digits
            return Int(plain, radix: base).map { .int($0) } ?? fallback
        }
        if let number = Int(digits) { return .int(number) }
        return Double(digits).flatMap { Int(exactly: $0.rounded(.towardZero)) }.map { .int($0) } ?? fallback
    }

    private func round(_ value: Value, _ arguments: Jinja.Arguments) throws(TemplateError) -> Value {
        guard let number = value.asDouble else { throw fault("round needs a number, got \(value.typeName)") }
        let precision = arguments.get(0, "precision")?.asInt ?? 0
        var rule = FloatingPointRoundingRule.toNearestOrEven
        if case .text(let method)? = arguments.get(1, "method") {
            switch method.string {
            case "common": break
            case "ceil": rule = .up
            case "floor": rule = .down
            default: throw fault("round knows common, ceil and floor")
            }
        }
        if value.asInt != nil, rule == .toNearestOrEven, precision >= 0 { return value.asInt.map { .int($0) } ?? value }
        return .double(rounded(number, precision, rule))
    }
}
