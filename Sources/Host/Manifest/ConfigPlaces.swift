import Foundation
import LlamaStackAPI

/// The config of one entry and where its parts stand in the file: turns complaints about the config into diagnostics.
struct ConfigPlaces {
    /// "inference/cpu", "model 'a'".
    let label: String
    let config: YAMLNode?
    /// The entry's.
    let position: Position
    let source: ManifestSource
    let schema: JSON

    /// {} when the file gives none.
    var json: JSON { config?.json(fitting: schema) ?? .object([:]) }

    func diagnostic(_ mistake: ConfigMistake) -> FileDiagnostic {
        let (position, value) = place(mistake.path, isAboutKey: mistake.isAboutKey)
        var message = "config of \(label): \(mistake.message)"
        if mistake.showsValue, let value, case .scalar(let scalar) = value.content {
            message += ", got \(scalar.quoted)"
        }
        return source.diagnostic(position, mistake.code, message, hint: hint(mistake.wantedType, value))
    }

    private func hint(_ wantedType: String?, _ value: YAMLNode?) -> String? {
        guard let value else { return nil }
        return switch wantedType {
        case "array": ValueHint.list(value)
        case "string": ValueHint.string(value)
        case "boolean": ValueHint.boolean(value)
        case "integer", "number": ValueHint.number(value)
        case "object": ValueHint.mapping(value)
        default: nil
        }
    }

    /// An error for each resource that the config names and the distribution does not have.
    func unknownResources(_ known: KnownResources) -> [FileDiagnostic] {
        ConfigResource.all(in: json, schema: schema).compactMap { resource in
            guard let names = known.names(of: resource.kind), !names.contains(resource.name) else { return nil }
            let (position, value) = place(resource.path, isAboutKey: false)
            var shown = Quote.short(resource.name)
            if case .scalar(let scalar)? = value?.content { shown = scalar.quoted }
            let kind = Quote.printable(resource.kind.replacing("_", with: " "), charactersMax: 40)
            let close = Spelling.closest(to: resource.name, in: names).map { " (did you mean '\($0)'?)" }
            let others = names.isEmpty ? "; it has none" : "; it has " + names.joined(separator: ", ")
            return source.diagnostic(
                position, "unknown_\(resource.kind)",
                "config of \(label): \(ConfigSchema.name(resource.path)) names the \(kind) \(shown), which this distribution does not have\(close ?? others)"
            )
        }
    }

    /// A failed `create` as a failure of the start.
    func failure(_ failure: CreateFailure) -> StartFailure {
        let json = (try? JSON(parsing: failure.error)) ?? .null
        let words = json["message"]?.stringValue ?? Self.text(failure.error)
        if failure.isAboutConfig, case .array(let items) = json, !items.isEmpty {
            return self.failure(items)
        }
        let message = words.map(masked) ?? "it did not say why"
        let row = ErrorCode.find(code: json["code"]?.stringValue, abiStatus: failure.status)
        return StartFailure(
            [source.diagnostic(position, row.code, "\(label) did not start: \(message)")],
            exitCode: row.exitCode)
    }

    /// {"pointer", "code", "message"} each.
    func failure(_ complaints: [JSON]) -> StartFailure {
        StartFailure(complaints.prefix(ManifestLimits.diagnosticsMax).map(diagnostic))
    }

    /// The text of an error that is not an error object; nil when it is empty.
    private static func text(_ error: [UInt8]) -> String? {
        guard !error.isEmpty else { return nil }
        let whole = String(decoding: error.prefix(4 * Self.wordsMax), as: UTF8.self)
        let words = Quote.printable(whole.trimmingCharacters(in: .whitespacesAndNewlines), charactersMax: Self.wordsMax)
        return words.isEmpty ? nil : words + " (not an error object of the contract)"
    }

    private static let wordsMax = 500

    /// {"pointer", "code", "message"}.
    private func diagnostic(_ complaint: JSON) -> FileDiagnostic {
        let pointer = complaint["pointer"]?.stringValue ?? ""
        let code = complaint["code"]?.stringValue ?? "invalid_config"
        let steps = JSONPointer.steps(pointer) ?? []
        let (position, _) = place(steps, isAboutKey: code == "unknown_key")
        let message = masked(complaint["message"]?.stringValue ?? complaint.stringValue ?? "is refused")
        return source.diagnostic(position, code, "config of \(label): \(Self.sentence(steps, message))")
    }

    /// In the words of ``ConfigSchema``: "'threads' must be at least 1". A message that is no predicate follows a
    /// colon.
    private static func sentence(_ steps: [String], _ message: String) -> String {
        guard !steps.isEmpty, !message.hasPrefix("unknown key ") else { return message }
        let verbs = ["must", "is", "has", "needs", "can't", "cannot", "does", "may", "names", "was"]
        let isPredicate = verbs.contains { message.hasPrefix($0 + " ") }
        return ConfigSchema.name(steps) + (isPredicate ? " " : ": ") + message
    }

    /// The place of a part, or of the nearest thing around it that the file has.
    private func place(_ path: [String], isAboutKey: Bool) -> (Position, YAMLNode?) {
        guard var node = config else { return (self.position, nil) }
        var position = node.position
        for step in path {
            switch node.content {
            case .mapping(let members):
                guard let member = members.first(where: { $0.key == step }) else { return (position, nil) }
                position = member.keyPosition
                node = member.value
            case .sequence(let items):
                guard let index = Int(step), items.indices.contains(index) else { return (position, nil) }
                node = items[index]
                position = node.position
            case .scalar: return (position, nil)
            }
        }
        return (isAboutKey ? position : node.position, node)
    }

    /// A provider may quote what it was given; secrets of the config are taken out.
    func masked(_ message: String) -> String {
        secrets(of: config).reduce(message) { $0.replacing($1, with: "***") }
    }

    private func secrets(of node: YAMLNode?) -> [String] {
        switch node?.content {
        case .scalar(let scalar)?: scalar.isSecret && scalar.text.count >= 4 ? [scalar.text] : []
        case .sequence(let items)?: items.flatMap(secrets)
        case .mapping(let members)?: members.flatMap { secrets(of: $0.value) }
        case nil: []
        }
    }
}

extension ConfigPlaces {
    init(_ entry: Manifest.ProviderEntry, _ source: ManifestSource, schema: JSON) {
        self.init(label: entry.label, config: entry.config, position: entry.position, source: source, schema: schema)
    }
}
