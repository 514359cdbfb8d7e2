extension Jinja.Parser {
    /// Statements up to a tag whose name is in `ends`; that tag's name is left as the current token. With no `ends`, up
    /// to the end of the template.
    mutating func statements(until ends: Set<String>) throws(TemplateError) -> [any Jinja.Statement] {
        try enter()
        defer { leave() }
        var body: [any Jinja.Statement] = []
        while true {
            let line = token.line
            switch kind {
            case .data(let text):
                body.append(Jinja.Literal(text, line: line))
                advance()
            case .variableBegin:
                advance()
                body.append(Jinja.Output(try tuple(), line: line))
                try expect(.variableEnd, "}}")
            case .blockBegin:
                advance()
                if case .name(let name) = kind, ends.contains(name) { return body }
                try statement(into: &body)
            case .end:
                if ends.isEmpty { return body }
                throw fault(
                    "a block is never closed: expected '{% \(ends.sorted().joined(separator: " %}' or '{% ")) %}'")
            default: throw unexpected("text or a tag")
            }
        }
    }

    private mutating func statement(into body: inout [any Jinja.Statement]) throws(TemplateError) {
        let line = token.line
        body.append(try statement(try expectName(), line))
    }

    /// Each case is a call: the frame of this function is in each level of nested statements.
    private mutating func statement(_ name: String, _ line: Int) throws(TemplateError) -> any Jinja.Statement {
        switch name {
        case "if": return try ifStatement(line)
        case "for": return try forStatement(line)
        case "set": return try setStatement(line)
        case "macro": return try macroStatement(line)
        case "call": return try callStatement(line)
        case "filter": return try filterStatement(line)
        case "with": return try withStatement(line)
        case "generation": return try groupStatement("endgeneration", line)
        case "autoescape": return try autoescapeStatement(line)
        case "block": return try blockStatement(line)
        case "break": return try jumpStatement(.breakLoop, name, line)
        case "continue": return try jumpStatement(.continueLoop, name, line)
        default: throw unknownTag(name)
        }
    }

    private mutating func groupStatement(_ end: String, _ line: Int) throws(TemplateError) -> any Jinja.Statement {
        try endTag()
        return Jinja.Group(body: try block(end), line: line)
    }

    private mutating func autoescapeStatement(_ line: Int) throws(TemplateError) -> any Jinja.Statement {
        guard skip(name: "false") || skip(name: "False") else {
            throw fault("'{% autoescape %}' is not part of chat templates, except as 'autoescape false'")
        }
        return try groupStatement("endautoescape", line)
    }

    private mutating func jumpStatement(
        _ jump: Jinja.Flow, _ name: String, _ line: Int
    ) throws(TemplateError) -> any Jinja.Statement {
        guard loops > 0 else { throw fault("'\(name)' outside a loop") }
        try endTag()
        return Jinja.Jump(jump, line: line)
    }

    private func unknownTag(_ name: String) -> TemplateError {
        let leftOut = ["include", "import", "from", "extends", "do", "trans"]
        if leftOut.contains(name) { return fault("'{% \(name) %}' is not part of chat templates") }
        let known = [
            "if", "elif", "else", "endif", "for", "endfor", "set", "endset", "macro", "endmacro", "call", "endcall",
            "filter", "endfilter", "block", "endblock", "autoescape", "endautoescape", "with", "endwith", "generation",
            "endgeneration", "break", "continue", "raw",
        ]
        return fault("unknown tag '\(name.prefix(60))'" + Jinja.suggestion(for: name, among: known))
    }

    private mutating func endTag() throws(TemplateError) { try expect(.blockEnd, "%}") }

    /// The statements of a body with a scope of its own.
    private mutating func scope(until ends: Set<String>) throws(TemplateError) -> [any Jinja.Statement] {
        let namesBefore = unknown.open.count
        let body = try statements(until: ends)
        endScope(since: namesBefore)
        return body
    }

    /// A body and the tag that closes it.
    private mutating func block(_ end: String) throws(TemplateError) -> [any Jinja.Statement] {
        let body = try scope(until: [end])
        advance()
        try endTag()
        return body
    }

    private mutating func ifStatement(_ line: Int) throws(TemplateError) -> any Jinja.Statement {
        let namesBefore = unknown.open.count
        var branches: [(test: any Jinja.Expression, body: [any Jinja.Statement])] = []
        var otherwise: [any Jinja.Statement] = []
        while true {
            let test = try tuple(withChoice: false)
            try endTag()
            branches.append((test, try statements(until: ["elif", "else", "endif"])))
            if skip(name: "elif") { continue }
            if skip(name: "else") {
                try endTag()
                otherwise = try statements(until: ["endif"])
            }
            try expect(name: "endif")
            try endTag()
            forgive(since: namesBefore)
            return Jinja.If(branches: branches, otherwise: otherwise, line: line)
        }
    }

    private mutating func forStatement(_ line: Int) throws(TemplateError) -> any Jinja.Statement {
        let target = try target()
        try expect(name: "in")
        let source = try tuple(withChoice: false)
        let namesBefore = unknown.open.count
        let test = skip(name: "if") ? try condition() : nil
        endScope(since: namesBefore)
        let isRecursive = skip(name: "recursive")
        try endTag()
        loops += 1
        let body = try scope(until: ["else", "endfor"])
        loops -= 1
        var otherwise: [any Jinja.Statement] = []
        if skip(name: "else") {
            try endTag()
            otherwise = try scope(until: ["endfor"])
        }
        try expect(name: "endfor")
        try endTag()
        return Jinja.For(
            target: target, source: source, test: test, body: body, otherwise: otherwise, loop: intern("loop"),
            isRecursive: isRecursive, line: line)
    }

    private mutating func blockStatement(_ line: Int) throws(TemplateError) -> any Jinja.Statement {
        let name = try expectName()
        guard blocks.insert(name).inserted else { throw fault("a second block '\(name.prefix(60))'") }
        let isScoped = skip(name: "scoped")
        try endTag()
        let around = loops
        loops = 0
        defer { loops = around }
        let body = try scope(until: ["endblock"])
        advance()
        if !isSymbol("%}"), case .name(let again) = kind, again == name { advance() }
        try endTag()
        return Jinja.Block(body: body, isScoped: isScoped, line: line)
    }

    /// `a`, `a, b`, `(a, b)`, or `ns.a` where a `set` may write to it.
    private mutating func target(allowsAttribute: Bool = false) throws(TemplateError) -> Jinja.Target {
        try enter()
        defer { leave() }
        var targets: [Jinja.Target] = []
        var isTuple = false
        repeat {
            if isName("in") || isSymbol("=") { break }
            if skip(symbol: "(") {
                targets.append(try self.target())
                try expect(symbol: ")")
            } else {
                let name = try expectName()
                guard
                    !["true", "false", "none", "True", "False", "None", "not", "and", "or", "if", "else"].contains(name)
                else {
                    throw fault("'\(name)' cannot be set")
                }
                if allowsAttribute, skip(symbol: ".") {
                    targets.append(.attribute(intern(name), of: name, try expectName()))
                } else {
                    targets.append(.name(intern(name)))
                }
            }
            if isSymbol(",") { isTuple = true }
        } while skip(symbol: ",")
        guard let first = targets.first else { throw unexpected("a name") }
        return isTuple ? .tuple(targets) : first
    }

    private mutating func setStatement(_ line: Int) throws(TemplateError) -> any Jinja.Statement {
        let target = try target(allowsAttribute: true)
        if skip(symbol: "=") {
            let value = try tuple()
            try endTag()
            return Jinja.Set(target: target, value: value, line: line)
        }
        let namesBefore = unknown.open.count
        var filters: [Jinja.Step] = []
        try filtersAndTests(into: &filters)
        endScope(since: namesBefore)
        try endTag()
        return Jinja.SetBlock(target: target, filters: filters, body: try block("endset"), line: line)
    }

    private mutating func parameters() throws(TemplateError) -> [(
        name: Jinja.Name, text: String, fallback: (any Jinja.Expression)?
    )] {
        var parameters: [(name: Jinja.Name, text: String, fallback: (any Jinja.Expression)?)] = []
        try expect(symbol: "(")
        while !skip(symbol: ")") {
            if !parameters.isEmpty { try expect(symbol: ",") }
            if skip(symbol: ")") { break }
            let name = try expectName()
            let fallback = skip(symbol: "=") ? try condition() : nil
            if fallback == nil, parameters.last?.fallback != nil {
                throw fault("the parameter '\(name.prefix(60))' without a default follows one with a default")
            }
            parameters.append((intern(name), name, fallback))
        }
        return parameters
    }

    private mutating func macroStatement(_ line: Int) throws(TemplateError) -> any Jinja.Statement {
        let name = try expectName()
        let namesBefore = unknown.open.count
        let parameters = try parameters()
        endScope(since: namesBefore)
        try endTag()
        let (body, extras) = try macroBody("endmacro", parameters)
        let definition = Jinja.MacroDefinition(name: name, parameters: parameters, body: body, extras: extras)
        return Jinja.Macro(definition: definition, name: intern(name), line: line)
    }

    /// `break` inside a macro has no loop around it, whatever is around the macro.
    private mutating func macroBody(
        _ end: String, _ parameters: [(name: Jinja.Name, text: String, fallback: (any Jinja.Expression)?)]
    ) throws(TemplateError) -> ([any Jinja.Statement], Jinja.Extras) {
        let (around, read) = (loops, extras)
        (loops, extras) = (0, [])
        let body = try block(end)
        let own = extras.subtracting(parameters.map(\.text))
        (loops, extras) = (around, read.union(own))
        func name(_ text: String) -> Jinja.Name? { own.contains(text) ? intern(text) : nil }
        return (body, Jinja.Extras(caller: name("caller"), varargs: name("varargs"), kwargs: name("kwargs")))
    }

    private mutating func callStatement(_ line: Int) throws(TemplateError) -> any Jinja.Statement {
        let parameters = isSymbol("(") ? try parameters() : []
        let call = try condition()
        try endTag()
        guard let chain = call as? Jinja.Chain, case .call(let arguments, let callLine)? = chain.steps.last else {
            throw fault("'{% call %}' needs a call of a macro")
        }
        let callee: any Jinja.Expression =
            chain.steps.count == 1 ? chain.base : Jinja.Chain(base: chain.base, steps: Array(chain.steps.dropLast()))
        let (body, extras) = try macroBody("endcall", parameters)
        let definition = Jinja.MacroDefinition(name: "caller", parameters: parameters, body: body, extras: extras)
        return Jinja.CallBlock(callee: callee, arguments: arguments, caller: definition, line: callLine)
    }

    private mutating func filterStatement(_ line: Int) throws(TemplateError) -> any Jinja.Statement {
        let namesBefore = unknown.open.count
        var filters = [try filter()]
        try filtersAndTests(into: &filters)
        endScope(since: namesBefore)
        try endTag()
        return Jinja.FilterBlock(filters: filters, body: try block("endfilter"), line: line)
    }

    private mutating func withStatement(_ line: Int) throws(TemplateError) -> any Jinja.Statement {
        var settings: [(Jinja.Target, any Jinja.Expression)] = []
        while kind != .blockEnd {
            if !settings.isEmpty { try expect(symbol: ",") }
            let name = intern(try expectName())
            try expect(symbol: "=")
            settings.append((.name(name), try condition()))
        }
        try endTag()
        return Jinja.With(settings: settings, body: try block("endwith"), line: line)
    }
}
