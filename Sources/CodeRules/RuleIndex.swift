/// The matches of rules by what they begin with, so that a name is compared with few of them.
struct RuleIndex: Sendable {
    struct Entry: Sendable {
        let rule: String
        let match: Match
    }

    /// Matches of names, by the last part of the name.
    private var byLastPart: [String: [Entry]] = [:]
    /// Matches of any name below another.
    private var below: [(prefix: String, entry: Entry)] = []
    /// Rules about an import, by the module.
    private var byModule: [String: [String]] = [:]
    private(set) var queryRules: [String] = []
    private(set) var turnedTextRules: [String] = []

    init(_ rules: [CodeRule]) {
        for rule in rules {
            for match in rule.matches { add(Entry(rule: rule.id, match: match)) }
        }
    }

    private mutating func add(_ entry: Entry) {
        switch entry.match {
        case .calls(let names, _, _), .mentions(let names):
            for name in names {
                if name.hasSuffix(".*") {
                    below.append((String(name.dropLast()), entry))
                } else {
                    byLastPart[Self.lastPart(name), default: []].append(entry)
                }
            }
        case .assigns(let attribute, _): byLastPart[attribute, default: []].append(entry)
        case .imports(let modules):
            for module in modules { byModule[module, default: []].append(entry.rule) }
        case .builtQuery: queryRules.append(entry.rule)
        case .turnedText: turnedTextRules.append(entry.rule)
        }
    }

    /// The matches that a name may have; some more than it has.
    func entries(for name: String) -> [Entry] {
        let named = byLastPart[Self.lastPart(name)] ?? []
        return named + below.filter { name.hasPrefix($0.prefix) }.map(\.entry)
    }

    /// The rules about the import of a module, or of one above it.
    func rules(forImport name: String) -> [String] {
        PythonSource.modules(of: name).flatMap { byModule[$0] ?? [] }
    }

    private static func lastPart(_ name: String) -> String {
        name.lastIndex(of: ".").map { String(name[name.index(after: $0)...]) } ?? name
    }
}
