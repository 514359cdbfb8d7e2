extension Jinja {
    /// Reads tokens into nodes.  This file: the face, and what statements and expressions share.
    struct Parser {
        let tokens: [Token]
        let nestingMax: Int
        var place = 0
        var nesting = 0
        var names: [String: Name] = [:]
        /// The names among `caller`, `varargs` and `kwargs` that the enclosing macro reads.
        var extras: Swift.Set<String> = []
        /// Names of the blocks so far; there is one of each.
        var blocks: Swift.Set<String> = []
        /// Loops around this place, for `break` and `continue`.
        var loops = 0
        var unknown = UnknownNames()

        /// A template's statements, and its table of names.
        static func parse(
            _ tokens: [Token], nestingMax: Int
        ) throws(TemplateError) -> (body: [any Statement], names: [String: Name]) {
            var parser = Parser(tokens: tokens, nestingMax: nestingMax)
            let body = try parser.statements(until: [])
            try parser.requireKnownNames()
            return (body, parser.names)
        }

        private init(tokens: [Token], nestingMax: Int) { (self.tokens, self.nestingMax) = (tokens, nestingMax) }

        var token: Token { tokens[place] }
        var kind: Token.Kind { tokens[place].kind }
        var nextKind: Token.Kind { tokens[min(place + 1, tokens.count - 1)].kind }
        mutating func advance() { if place + 1 < tokens.count { place += 1 } }

        func isSymbol(_ symbol: String) -> Bool { kind == .symbol(symbol) }
        func isName(_ name: String) -> Bool { kind == .name(name) }

        mutating func skip(symbol: String) -> Bool {
            guard isSymbol(symbol) else { return false }
            advance()
            return true
        }

        mutating func skip(name: String) -> Bool {
            guard isName(name) else { return false }
            advance()
            return true
        }

        mutating func expect(symbol: String) throws(TemplateError) {
            guard skip(symbol: symbol) else { throw unexpected("'\(symbol)'") }
        }

        mutating func expect(name: String) throws(TemplateError) {
            guard skip(name: name) else { throw unexpected("'\(name)'") }
        }

        mutating func expect(_ wanted: Token.Kind, _ shown: String) throws(TemplateError) {
            guard kind == wanted else { throw unexpected("'\(shown)'") }
            advance()
        }

        mutating func expectName() throws(TemplateError) -> String {
            guard case .name(let name) = kind else { throw unexpected("a name") }
            advance()
            return name
        }

        /// A name that an expression reads.
        mutating func mention(_ name: String) -> Name {
            if ["caller", "varargs", "kwargs"].contains(name) { extras.insert(name) }
            return intern(name)
        }

        mutating func intern(_ name: String) -> Name {
            if let known = names[name] { return known }
            names[name] = names.count
            return names.count - 1
        }

        func fault(_ message: String) -> TemplateError { TemplateError(.syntax, line: token.line, message) }

        func unexpected(_ wanted: String) -> TemplateError {
            let found =
                switch kind {
                case .data: "text outside a tag"
                case .variableBegin: "'{{'"
                case .variableEnd: "'}}'"
                case .blockBegin: "'{%'"
                case .blockEnd: "'%}'"
                case .name(let name): "'\(name.prefix(60))'"
                case .string(let text): "the text '\(text.prefix(60))'"
                case .int(let value): "\(value)"
                case .double(let value): "\(value)"
                case .symbol(let symbol): "'\(symbol)'"
                case .end: "the end of the template"
                }
            return fault("expected \(wanted), found \(found)")
        }

        /// Goes one level deeper; undone by `leave`.
        mutating func enter() throws(TemplateError) {
            nesting += 1
            if nesting > nestingMax {
                throw TemplateError(.limit, line: token.line, "more than \(nestingMax) levels inside each other")
            }
        }
        mutating func leave() { nesting -= 1 }
    }
}
