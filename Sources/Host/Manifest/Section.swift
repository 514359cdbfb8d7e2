import LlamaStackAPI

/// One key of a distribution's section: its name, how its value is read, what it is when absent, what it means.
struct Key<Value: Sendable>: Sendable {
    let name: String
    let reader: ValueReader<Value>
    let absent: Value?
    /// Stands in, once the mistake is reported, so that the rest can still be judged.
    let standIn: Value?
    let defaultText: String?
    let documentation: String

    /// A key that must be there.
    init(_ name: String, _ reader: ValueReader<Value>, standIn: Value? = nil, _ documentation: String) {
        (self.name, self.reader, self.absent, self.defaultText) = (name, reader, nil, nil)
        (self.standIn, self.documentation) = (standIn, documentation)
    }

    /// A key that is `default` when it is missing or empty.
    init(
        _ name: String, _ reader: ValueReader<Value>, default: Value, standIn: Value? = nil,
        as defaultText: String? = nil, _ documentation: String
    ) {
        (self.name, self.reader, self.absent, self.standIn) = (name, reader, `default`, standIn ?? `default`)
        self.defaultText = defaultText ?? "\(`default`)"
        self.documentation = documentation
    }

    /// - Parameter mistyped: keys that a close miss stands for; they are not missed a second time.
    func read(
        _ members: [YAMLMember], section: String, at position: Position, mistyped: [String], _ diagnostics: Diagnostics
    ) -> Value? {
        let member = members.first { $0.key == name }
        guard let node = member?.value, !node.isNull || node.isUnresolved else {
            if mistyped.contains(name) { return standIn ?? absent }
            if absent == nil, let member {
                diagnostics.add(member.keyPosition, "missing_key", "'\(name)' is empty; it is required")
            } else if absent == nil {
                diagnostics.add(position, "missing_key", "\(section) has no '\(name)', which is required")
            }
            return absent ?? standIn
        }
        return node.isUnresolved ? standIn : reader.read(node, name, diagnostics) ?? standIn
    }

    var row: KeyRow {
        KeyRow(
            name: name, type: reader.type, isRequired: absent == nil, defaultText: defaultText,
            documentation: documentation)
    }
}

/// A row of the documentation of distributions.
package struct KeyRow: Sendable {
    package var name: String
    package var type: String
    package var isRequired: Bool
    package var defaultText: String?
    package var documentation: String
}

/// The one declaration of a section of a distribution: reading, unknown keys with suggestions, defaults and the
/// documentation all come from it. Unlike a wire record it reports every mistake, not the first.
struct Section<Root: Sendable>: Sendable {
    let name: String
    private(set) var rows: [KeyRow]
    private var make: @Sendable ([YAMLMember], Position, [String], Diagnostics) -> Root?

    init<each Value: Sendable>(
        _ name: String, _ make: @escaping @Sendable (repeat each Value) -> Root, _ keys: repeat Key<each Value>
    ) {
        self.name = name
        var rows: [KeyRow] = []
        repeat rows.append((each keys).row)
        self.rows = rows
        self.make = { members, position, mistyped, diagnostics in
            // All are read before any is missed.
            let values =
                (repeat (each keys).read(members, section: name, at: position, mistyped: mistyped, diagnostics))
            func known<Wanted>(_ value: Wanted?) throws(Missing) -> Wanted {
                guard let value else { throw Missing() }
                return value
            }
            do {
                return make(repeat try known(each values))
            } catch {
                return nil
            }
        }
    }

    private struct Missing: Error {}

    /// The same with more keys, whose items all go into one list.
    func adding<Item: Sendable>(
        _ keys: [Key<[Item]>], to list: any WritableKeyPath<Root, [Item]> & Sendable
    ) -> Section {
        var section = self
        section.rows += keys.map(\.row)
        section.make = { [make, name] members, position, mistyped, diagnostics in
            let items = keys.flatMap {
                $0.read(members, section: name, at: position, mistyped: mistyped, diagnostics) ?? []
            }
            var root = make(members, position, mistyped, diagnostics)
            root?[keyPath: list] += items
            return root
        }
        return section
    }

    /// The same without some of its keys: there they are unknown ones.
    func without(_ keys: [String]) -> Section {
        var section = self
        section.rows.removeAll { keys.contains($0.name) }
        return section
    }

    /// nil when a mistake left nothing to make it from; it was reported.
    func read(_ node: YAMLNode, _ diagnostics: Diagnostics) -> Root? {
        guard case .mapping(let members) = node.content else {
            if !node.isUnresolved {
                diagnostics.add(
                    node.position, "wrong_type", "\(name) must be a mapping, got \(node.found)",
                    hint: ValueHint.mapping(node))
            }
            return nil
        }
        let known = rows.map(\.name)
        var mistyped: [String] = []
        for member in members where !known.contains(member.key) {
            guard !diagnostics.isFull else { break }
            if let word = Self.wordWithoutColon(member.key, known), member.value.isNull {
                mistyped.append(word)
                Self.reportNoColon(after: word, member, diagnostics)
                continue
            }
            diagnostics.add(
                member.keyPosition, "unknown_key",
                ConfigSchema.unknown(member.key, known, present: members.map(\.key)))
            if let close = ConfigSchema.meant(member.key, known, present: members.map(\.key)) { mistyped.append(close) }
        }
        return make(members, node.position, mistyped, diagnostics)
    }

    /// `{host 127.0.0.1}` and `{host:127.0.0.1}` are keys without a value.
    private static func wordWithoutColon(_ key: String, _ known: [String]) -> String? {
        let word = key.prefix { $0 != ":" && $0 != " " && $0 != "=" }
        return word.count < key.count && known.contains(String(word)) ? String(word) : nil
    }

    private static func reportNoColon(after word: String, _ member: YAMLMember, _ diagnostics: Diagnostics) {
        let isSecret = Secrets.isSecret(key: word)
        let value = isSecret ? "…" : member.key.dropFirst(word.count).drop { ":= ".contains($0) }
        diagnostics.add(
            member.keyPosition, "unknown_key",
            "unknown key \(Quote.short(isSecret ? word + "…" : member.key)): no ': ' after '\(word)'",
            hint: "write '\(word): \(Quote.printable(String(value), charactersMax: 60))'")
    }

    /// The value of a section that is not in the file, from the defaults of its keys. All of them must have one.
    var defaults: Root {
        guard let root = make([], .start, [], Diagnostics(file: "")) else {
            preconditionFailure("a key of \(name) has no default")
        }
        return root
    }

    var reader: ValueReader<Root> {
        ValueReader("mapping") { node, _, diagnostics in read(node, diagnostics) }
    }
}

extension YAMLNode {
    var isUnresolved: Bool {
        if case .scalar(let scalar) = content { return scalar.isUnresolved }
        return false
    }
}
