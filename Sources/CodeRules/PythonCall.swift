/// A call with its arguments.
struct PythonCall {
    let source: PythonSource
    let name: String
    private var keywords: [String: Range<Int>] = [:]
    private var places: [Range<Int>] = []
    /// `*list` or `**map` may bring any argument.
    private var isSpread = false

    init(_ source: PythonSource, name: String, open: Int) {
        (self.source, self.name) = (source, name)
        let close = source.closings[open] ?? source.tokens.count
        var start = open + 1
        for end in (source.commas[open] ?? []) + [close] {
            add(start..<max(start, end))
            start = end + 1
        }
    }

    private mutating func add(_ range: Range<Int>) {
        guard let first = range.first else { return }
        let tokens = source.tokens
        if tokens[first].isMark("*") || tokens[first].isMark("**") {
            isSpread = true
        } else if range.count > 2, tokens[first].kind == .name, tokens[first + 1].isMark("=") {
            keywords[tokens[first].text] = first + 2..<range.upperBound
        } else {
            places.append(range)
        }
    }

    /// Tokens of an argument that are looked at.
    private static let tokensMax = 256

    private func argument(_ condition: Condition) -> Range<Int>? {
        var range = keywords[condition.keyword]
        if range == nil, let place = condition.place, places.indices.contains(place) { range = places[place] }
        return range.map { $0.lowerBound..<min($0.upperBound, $0.lowerBound + Self.tokensMax) }
    }

    func holds(_ condition: Condition) -> Bool {
        let argument = argument(condition)
        let text = argument.flatMap(text)
        switch condition.test {
        case .isOneOf(let wanted): return text.map(wanted.contains) ?? false
        case .isNoneOf(let wanted):
            guard argument != nil else { return !isSpread }
            return text.map { !wanted.contains($0) } ?? true
        case .isDynamic: return argument.map { !source.isLiteral($0) } ?? false
        case .begins(let beginnings):
            return string(argument).map { text in beginnings.contains { text.hasPrefix($0) } } ?? false
        case .contains(let parts):
            return (argument ?? 0..<0).contains { index in
                source.tokens[index].kind == .string && parts.contains { source.tokens[index].text.contains($0) }
            }
        case .isBelow(let limit): return text.flatMap { Int($0) }.map { $0 < limit } ?? false
        case .isOpenMode: return argument.map(isOpenMode) ?? false
        case .isNoCommit:
            guard let argument else { return !isSpread }
            guard let revision = string(argument) else { return false }
            return revision.count != 40 || !revision.allSatisfy(\.isHexDigit)
        case .isRepository:
            return string(argument).map { $0.first != "." && $0.split(separator: "/").count == 2 && $0.first != "/" }
                ?? false
        case .isEveryInterface:
            guard let argument, argument.count > 2, source.tokens[argument.lowerBound].isMark("(") else { return false }
            let host = source.tokens[argument.lowerBound + 1]
            return host.kind == .string && ["0.0.0.0", "", "::"].contains(host.text)
        case .isNotWeb:
            guard argument != nil else { return false }
            return string(argument).map { !$0.hasPrefix("https://") && !$0.hasPrefix("http://") } ?? true
        case .isNotCallTo(let function):
            guard let argument, let chain = source.chain(at: argument.lowerBound) else { return true }
            return !(chain.name == function || chain.name.hasSuffix("." + function))
        }
    }

    /// A single name, number or string, in lower case.
    private func text(_ range: Range<Int>) -> String? {
        if range.count == 1, source.tokens[range.lowerBound].fields.isEmpty {
            return source.tokens[range.lowerBound].text.lowercased()
        }
        guard let chain = source.chain(at: range.lowerBound), chain.end == range.upperBound else { return nil }
        return chain.name.lowercased()
    }

    private func string(_ range: Range<Int>?) -> String? {
        guard let range, let first = range.first, source.tokens[first].kind == .string else { return nil }
        return source.tokens[first].text.lowercased()
    }

    /// Others may write: the bit 2 of the last digit, or a name of `stat` that says so.
    private func isOpenMode(_ range: Range<Int>) -> Bool {
        range.contains { index in
            let token = source.tokens[index]
            switch token.kind {
            case .name: return ["S_IWOTH", "S_IRWXO"].contains(token.text)
            case .number:
                let digits = token.text.lowercased().replacing("_", with: "")
                let mode =
                    if digits.hasPrefix("0x") { Int(digits.dropFirst(2), radix: 16) } else if digits.hasPrefix("0o") {
                        Int(digits.dropFirst(2), radix: 8)
                    } else if digits.hasPrefix("0") { Int(digits, radix: 8) } else { Int(digits) }
                return mode.map { $0 & 0o002 != 0 } ?? false
            default: return false
            }
        }
    }
}
