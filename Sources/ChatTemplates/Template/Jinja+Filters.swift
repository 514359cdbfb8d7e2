extension Jinja.Machine {
    static let filterNames = Jinja.Signature.filters.keys.sorted()

    static func noFilter(_ name: String) -> String {
        "no filter is named '\(name.prefix(60))'" + Jinja.suggestion(for: name, among: filterNames)
    }

    /// `value|name(arguments)`
    func filter(_ name: String, _ value: Value, _ arguments: Jinja.Arguments) throws(TemplateError) -> Value {
        guard let signature = Jinja.Signature.filters[name] else {
            throw fault(Self.noFilter(name))
        }
        try require(signature, arguments, name)
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
            case .map(let map):
                return try iterator { items throws(TemplateError) in items = try pairs(of: map) }
            case .undefined: return try iterator { _ in }
            default:
                return try iterator { _ throws(TemplateError) in
                    throw fault("items needs a dict, got \(value.typeName)")
                }
            }
        case "int": return try asWhole(value, arguments)
        case "float": return try asReal(value, arguments)
        case "abs":
            if let number = value.asInt {
                return number < 0 ? try signed(.int(number), isNegative: true) : .int(number)
            }
            if value.isWide { return try signed(value, isNegative: value.asDouble ?? 0 < 0) }
            if let number = value.asDouble { return .double(abs(number)) }
            throw fault("abs needs a number, got \(value.typeName)")
        case "round": return try round(value, arguments)
        case "filesizeformat": return .trusted(try fileSize(value, arguments.get(0, "binary")?.isTrue ?? false))
        default:  // attr
            guard case .text(let wanted)? = arguments.get(0, "name") else { throw fault("attr needs a name") }
            if case .undefined(let what) = value { throw fault("\(what) is undefined, so it has no attributes") }
            return try ownAttribute(wanted.string, of: value)
                ?? .undefined("the \(value.typeName)'s attribute '\(wanted.string)'")
        }
    }

    private func style(_ arguments: Jinja.Arguments) throws(TemplateError) -> Jinja.JSONStyle {
        var style = Jinja.JSONStyle()
        switch arguments.get(1, "indent") {
        case nil, .some(.none): break
        case .text(let indent)?: style = Jinja.JSONStyle(indent: indent.bytes)
        case let given?:
            guard let width = given.asInt else { throw fault("indent needs a number, got \(given.typeName)") }
            style = Jinja.JSONStyle(indent: [UInt8](repeating: 32, count: max(0, min(width, limits.indentMax))))
        }
        switch arguments.get(2, "separators") {
        case nil, .some(.none): break
        case let given?:
            let pair = try items(of: given, for: "separators")
            guard pair.count == 2, case .text(let between) = pair[0], case .text(let after) = pair[1] else {
                throw fault("separators needs two texts")
            }
            (style.betweenItems, style.afterKey) = (between.bytes, after.bytes)
        }
        style.isASCII = arguments.get(0, "ensure_ascii")?.isTrue ?? false
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

    private func requireDefined(_ value: Value) throws(TemplateError) {
        if case .undefined(let what) = value { throw fault("\(what) is undefined") }
    }

    private func asWhole(_ value: Value, _ arguments: Jinja.Arguments) throws(TemplateError) -> Value {
        try requireDefined(value)
        let fallback = arguments.get(0, "default") ?? .int(0)
        if let number = value.asInt { return .int(number) }
        if value.isWide { return value }
        if let number = value.asDouble {
            if number.isNaN { return fallback }
            guard let whole = Int(exactly: number.rounded(.towardZero)) else { throw tooWide }
            return .int(whole)
        }
        guard case .text(let text) = value else { return fallback }
        guard let base = (arguments.get(1, "base") ?? .int(10)).asInt else { throw fault("a base is a whole number") }
        let digits = text.stripped(nil).string
        switch Jinja.whole(digits, base: base) {
        case .number(let number): return .int(number)
        case .tooWide: throw tooWide
        case .none: break
        }
        guard let number = Jinja.real(digits), number.isFinite else { return fallback }
        guard let whole = Int(exactly: number.rounded(.towardZero)) else { throw tooWide }
        return .int(whole)
    }

    private var tooWide: TemplateError { fault("a number that does not fit 64 bits") }

    private func asReal(_ value: Value, _ arguments: Jinja.Arguments) throws(TemplateError) -> Value {
        try requireDefined(value)
        if let number = value.asDouble { return .double(number) }
        if case .text(let text) = value, let number = Jinja.real(text.stripped(nil).string) { return .double(number) }
        return arguments.get(0, "default") ?? .double(0)
    }

    private func round(_ value: Value, _ arguments: Jinja.Arguments) throws(TemplateError) -> Value {
        guard let number = value.asDouble else { throw fault("round needs a number, got \(value.typeName)") }
        var given = arguments.get(0, "precision") ?? .int(0)
        var givesWhole = false
        if case .none = given { (given, givesWhole) = (.int(0), true) }
        guard let precision = given.asInt else { throw fault("round needs a whole number of places") }
        var rule = FloatingPointRoundingRule.toNearestOrEven
        switch arguments.get(1, "method") {
        case nil: break
        case .text(let method)? where method.string == "common": break
        case .text(let method)? where method.string == "ceil": rule = .up
        case .text(let method)? where method.string == "floor": rule = .down
        default: throw fault("round knows common, ceil and floor")
        }
        if value.isWide, precision >= 0, rule == .toNearestOrEven { return value }
        if let whole = value.asInt, rule == .toNearestOrEven { return .int(try rounded(whole, precision)) }
        if rule != .toNearestOrEven, !number.isFinite { throw fault("\(number) cannot be rounded up or down") }
        let result = rounded(number, precision, rule)
        if !givesWhole { return .double(result) }
        guard rule == .toNearestOrEven else { throw fault("round needs a whole number of places") }
        guard let whole = Int(exactly: result) else { throw tooWide }
        return .int(whole)
    }

    private func fileSize(_ value: Value, _ isBinary: Bool) throws(TemplateError) -> String {
        var given = value.asDouble
        if case .text(let text) = value { given = Jinja.real(text.stripped(nil).string) }
        guard let bytes = given, bytes != -.infinity else { throw fault("filesizeformat needs a number of bytes") }
        if !bytes.isFinite { return "\(bytes.isNaN ? "nan" : "inf") \(isBinary ? "YiB" : "YB")" }
        let base = isBinary ? 1024.0 : 1000.0
        if bytes == 1 { return "1 Byte" }
        if bytes < base { return "\(Jinja.fixed(bytes.rounded(.towardZero) + 0, 0)) Bytes" }
        let names = ["k", "M", "G", "T", "P", "E", "Z", "Y"]
        var unit = base
        for name in names {
            unit *= base
            if bytes < unit || name == "Y" {
                let letter = isBinary ? name.uppercased() + "iB" : name + "B"
                return "\(Jinja.fixed(base * bytes / unit, 1)) \(letter)"
            }
        }
        return ""
    }
}
