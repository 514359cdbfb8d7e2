/// Tokens of a piece of code, with what a reader of it knows: where brackets close, what names its imports bind, and
/// which names are only given literals.
struct PythonSource {
    let tokens: [Token]
    /// The closing bracket, or the end, of each opening one.
    private(set) var closings: [Int: Int] = [:]
    /// The commas directly within each opening bracket.
    private(set) var commas: [Int: [Int]] = [:]
    /// Whole names by the names that stand for them.
    private(set) var aliases: [String: String] = [:]
    /// Modules and names that the code imports, with the line.
    private(set) var imports: [(name: String, line: Int)] = []
    /// The modules that the code imports, with those above them.
    private(set) var modules: Set<String> = []
    /// Names of which every assignment is a literal.
    private(set) var constants: Set<String> = []

    /// - Parameter outer: the code around it, for an f-string's expression.
    init(_ tokens: [Token], within outer: PythonSource? = nil) {
        self.tokens = tokens
        findBrackets()
        if let outer { (aliases, constants, modules) = (outer.aliases, outer.constants, outer.modules) }
        findNames()
        for (name, _) in imports { modules.formUnion(Self.modules(of: name)) }
    }

    private mutating func findBrackets() {
        var open: [Int] = []
        for (index, token) in tokens.enumerated() where token.kind == .mark {
            switch token.text {
            case "(", "[", "{": open.append(index)
            case ")", "]", "}": if let last = open.popLast() { closings[last] = index }
            case ",": if let last = open.last { commas[last, default: []].append(index) }
            default: break
            }
        }
        for index in open { closings[index] = tokens.count }
    }

    func token(_ index: Int) -> Token? { tokens.indices.contains(index) ? tokens[index] : nil }

    private func isStart(_ index: Int) -> Bool {
        guard index > 0 else { return true }
        return tokens[index - 1].kind == .newline || tokens[index - 1].isMark(":")
    }

    // MARK: names

    private mutating func findNames() {
        var given: Set<String> = [], changed: Set<String> = []
        for index in tokens.indices where tokens[index].kind == .name {
            switch tokens[index].text {
            case "import" where isStart(index): importStatement(index + 1)
            case "from" where isStart(index): fromStatement(index + 1)
            case "for", "as", "global", "nonlocal":
                if let next = token(index + 1), next.kind == .name { changed.insert(next.text) }
            case "def": parameters(index, into: &changed)
            default:
                guard let next = token(index + 1), next.kind == .mark else { break }
                if next.text == "=", isStart(index) {
                    assignment(tokens[index].text, index + 2, &given, &changed)
                } else if ["=", ":="].contains(next.text) || token(index + 2)?.isMark("=") == true {
                    // A keyword argument changes nothing, and costs no more than a constant.
                    changed.insert(tokens[index].text)
                }
            }
        }
        if !given.isEmpty { constants.formUnion(given) }
        for name in changed where constants.contains(name) { constants.remove(name) }
    }

    /// `a.b.c` and the modules above it, `a` and `a.b`; at most eight.
    static func modules(of name: String) -> [String] {
        let parts = name.split(separator: ".").prefix(8)
        return parts.indices.map { parts[...$0].joined(separator: ".") }
    }

    private mutating func importStatement(_ start: Int) {
        var index = start
        while let (name, end) = dotted(index) {
            imports.append((name, tokens[index].line))
            index = end
            if token(index)?.isName("as") == true, let alias = token(index + 1), alias.kind == .name {
                aliases[alias.text] = name
                index += 2
            }
            guard token(index)?.isMark(",") == true else { break }
            index += 1
        }
    }

    private mutating func fromStatement(_ start: Int) {
        // A relative import names this package's own modules.
        guard let (module, end) = dotted(start), token(end)?.isName("import") == true else { return }
        imports.append((module, tokens[start].line))
        var index = end + 1
        if token(index)?.isMark("(") == true { index += 1 }
        while let name = token(index), name.kind == .name {
            let whole = module + "." + name.text
            imports.append((whole, name.line))
            index += 1
            var local = name.text
            if token(index)?.isName("as") == true, let alias = token(index + 1), alias.kind == .name {
                local = alias.text
                index += 2
            }
            aliases[local] = whole
            guard token(index)?.isMark(",") == true else { break }
            index += 1
        }
    }

    private func parameters(_ def: Int, into changed: inout Set<String>) {
        guard let open = (def + 1...def + 2).first(where: { token($0)?.isMark("(") == true }),
            let close = closings[open]
        else { return }
        for start in [open + 1] + (commas[open] ?? []).map({ $0 + 1 }) where start < close {
            if tokens[start].kind == .name { changed.insert(tokens[start].text) }
        }
    }

    /// `name = value`.
    private mutating func assignment(
        _ name: String, _ start: Int, _ given: inout Set<String>, _ changed: inout Set<String>
    ) {
        var end = start
        while end < tokens.count, tokens[end].kind != .newline { end += 1 }
        if isLiteral(start..<end) {
            given.insert(name)
            return
        }
        changed.insert(name)
        guard let chain = chain(at: start) else { return }
        if chain.end == end {
            aliases[name] = chain.name
        } else if let module = importedModule(chain), closings[chain.end] == end - 1 {
            aliases[name] = module
        }
    }

    /// The module of `__import__("os")` and `importlib.import_module("os")`.
    func importedModule(_ chain: Chain) -> String? {
        guard ["__import__", "importlib.import_module", "importlib.__import__"].contains(chain.name),
            token(chain.end)?.isMark("(") == true, let module = token(chain.end + 1), module.kind == .string
        else { return nil }
        return module.text
    }

    /// `a.b.c` from here on, and the index after it.
    private func dotted(_ start: Int) -> (name: String, end: Int)? {
        guard let first = token(start), first.kind == .name else { return nil }
        var name = first.text, index = start + 1
        while token(index)?.isMark(".") == true, let next = token(index + 1), next.kind == .name {
            name += "." + next.text
            index += 2
        }
        return (name, index)
    }

    /// A dotted name of an expression, whole.
    struct Chain {
        var name: String
        /// The index after it.
        var end: Int
    }

    /// The name that begins here; nil in its middle, and for what a `def` or `class` names. After a call or an index,
    /// as in `f().g`, it begins with `().`.
    func chain(at start: Int) -> Chain? {
        guard let first = token(start), first.kind == .name else { return nil }
        let before = token(start - 1)
        if before?.isName("def") == true || before?.isName("class") == true { return nil }
        let isMember = before?.isMark(".") == true
        // Within `a.b`, `b` was read with `a`.
        if isMember, token(start - 2)?.kind == .name { return nil }
        guard let (name, end) = dotted(start) else { return nil }
        if isMember { return Chain(name: "()." + name, end: end) }
        if name == "getattr", let got = attribute(end) { return got }
        return Chain(name: whole(name), end: end)
    }

    /// `getattr(os, "system")` is `os.system`.
    private func attribute(_ open: Int) -> Chain? {
        guard token(open)?.isMark("(") == true, let (object, end) = dotted(open + 1),
            token(end)?.isMark(",") == true, let name = token(end + 1), name.kind == .string,
            closings[open] == end + 2
        else { return nil }
        return Chain(name: whole(object + "." + name.text), end: end + 3)
    }

    private func whole(_ name: String) -> String {
        let first = name.prefix { $0 != "." }
        var whole = aliases[String(first)].map { $0 + name.dropFirst(first.count) } ?? name
        for prefix in ["builtins.", "__builtins__.", "__builtin__.", "six.moves."] where whole.hasPrefix(prefix) {
            whole = String(whole.dropFirst(prefix.count))
        }
        return whole
    }

    // MARK: literals

    /// Strings, numbers, and collections of them; an f-string with an expression is none.
    func isLiteral(_ range: Range<Int>) -> Bool {
        !range.isEmpty
            && range.allSatisfy { index in
                let token = tokens[index]
                switch token.kind {
                case .string: return token.fields.isEmpty
                case .number, .newline: return true
                case .name: return ["True", "False", "None"].contains(token.text) || constants.contains(token.text)
                // What is put together by an operator is as constant as its parts.
                case .mark: return "()[]{},:+-*%.".contains(token.text)
                }
            }
    }
}
