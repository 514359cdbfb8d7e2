/// Code that a rule objects to.
package struct CodeFinding: Sendable, Equatable {
    /// The rule's id.
    package let rule: String
    /// From 1, in the text that was scanned.
    package let line: Int
}

/// Finds insecure Python by rules. It reads tokens and names, runs nothing, and knows no types.
package struct CodeScanner: Sendable {
    private static let every = RuleIndex(CodeRule.all)
    private let index: RuleIndex

    /// A scanner by all rules but those with these ids.
    package init(excluding excluded: Set<String> = []) {
        index = excluded.isEmpty ? Self.every : RuleIndex(CodeRule.all.filter { !excluded.contains($0.id) })
    }

    /// The findings in Python source, by line; each rule once a line. Time grows with the length alone.
    package func findings(inPython source: String) -> [CodeFinding] {
        let bytes = Array(source.utf8)
        var tokenizer = Tokenizer(bytes)
        var found: [CodeFinding] = []
        scan(PythonSource(tokenizer.run()), into: &found)
        if let line = TurnedText.line(in: bytes) { add(index.turnedTextRules, line, to: &found) }
        var seen: Set<String> = []
        return found.filter { seen.insert("\($0.line) \($0.rule)").inserted }.sorted { $0.line < $1.line }
    }

    private func add(_ rules: [String], _ line: Int, to found: inout [CodeFinding]) {
        found += rules.map { CodeFinding(rule: $0, line: line) }
    }

    private func scan(_ source: PythonSource, into found: inout [CodeFinding]) {
        for (name, line) in source.imports { add(index.rules(forImport: name), line, to: &found) }
        for (place, token) in source.tokens.enumerated() {
            switch token.kind {
            case .string:
                if SQLText.isBuilt(at: place, in: source) { add(index.queryRules, token.line, to: &found) }
                for field in token.fields { scan(PythonSource(field, within: source), into: &found) }
            case .name:
                guard let chain = source.chain(at: place) else { break }
                look(at: chain, token.line, source, &found)
            default: break
            }
        }
    }

    private func look(
        at chain: PythonSource.Chain, _ line: Int, _ source: PythonSource, _ found: inout [CodeFinding]
    ) {
        if let module = source.importedModule(chain) { add(index.rules(forImport: module), line, to: &found) }
        let entries = index.entries(for: chain.name)
        guard !entries.isEmpty else { return }
        let call =
            source.token(chain.end)?.isMark("(") == true
            ? PythonCall(source, name: chain.name, open: chain.end) : nil
        add(entries.filter { matches($0.match, chain, call, source) }.map(\.rule), line, to: &found)
    }

    private func matches(
        _ match: Match, _ chain: PythonSource.Chain, _ call: PythonCall?, _ source: PythonSource
    ) -> Bool {
        switch match {
        case .calls(let names, let conditions, let module):
            guard let call, names.contains(where: { Self.isName(chain.name, $0) }) else { return false }
            if let module, !source.modules.contains(module) { return false }
            return conditions.allSatisfy(call.holds)
        case .mentions(let names): return names.contains { Self.isName(chain.name, $0) }
        case .assigns(let attribute, let values):
            guard chain.name.hasSuffix("." + attribute), source.token(chain.end)?.isMark("=") == true else {
                return false
            }
            let value = source.chain(at: chain.end + 1)?.name ?? source.token(chain.end + 1)?.text ?? ""
            return values.contains(value)
        case .imports, .builtQuery, .turnedText: return false
        }
    }

    private static func isName(_ name: String, _ pattern: String) -> Bool {
        if pattern.hasPrefix("*.") { return name.hasSuffix(pattern.dropFirst()) }
        if pattern.hasSuffix(".*") { return name.hasPrefix(pattern.dropLast()) }
        return name == pattern
    }
}
