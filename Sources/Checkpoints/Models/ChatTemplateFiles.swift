import LlamaStackAPI

/// Where the chat template of a Hugging Face folder may stand, as transformers has written it over the years: in
/// `chat_template.jinja`, in `tokenizer_config.json` (one, or several by name), or in `chat_template.json`, which
/// belongs to models that see images. Others, by name, may lie in `additional_chat_templates`. Of several the one named
/// `default` counts.
struct ChatTemplateFiles {
    static let whole = "chat_template.jinja"
    static let ofProcessor = "chat_template.json"
    static let named = "additional_chat_templates"
    private static let ending = ".jinja"

    let folder: CheckpointFolder
    /// `tokenizer_config.json`; an empty object where there is none.
    let tokenizerSettings: JSON

    /// nil when the folder has none.
    func template() throws -> String? {
        if let text = try text(in: folder, Self.whole) { return text }
        if let text = try text(of: tokenizerSettings, HuggingFaceFolder.tokenizerSettingsFile) { return text }
        let processor = try HuggingFaceFolder.optionalSettings(folder, Self.ofProcessor)
        if let text = try text(of: processor, Self.ofProcessor) { return text }
        return try namedTemplate()
    }

    private func text(in folder: CheckpointFolder, _ name: String) throws -> String? {
        guard let file = try folder.optionalFile(name) else { return nil }
        let bytesMax = HuggingFaceFolder.settingsBytesMax
        guard file.bytes.count <= bytesMax, let text = String(validating: file.bytes, as: UTF8.self) else {
            throw CheckpointError(
                path: file.path, field: "chat template", offset: nil, found: "\(file.bytes.count) bytes",
                wanted: "text in UTF-8 of at most \(bytesMax) bytes")
        }
        return text
    }

    private func text(of settings: JSON, _ name: String) throws -> String? {
        var named: [(name: String?, template: JSON?)] = []
        switch settings["chat_template"] {
        case nil, .null: return nil
        case .string(let text): return text
        case .array(let items): named = items.map { ($0["name"]?.stringValue, $0["template"]) }
        case .object(let object): named = object.members.map { ($0.key, $0.value) }
        default: break
        }
        let names = named.compactMap { $0.template?.stringValue == nil ? nil : $0.name }
        guard !named.isEmpty, names.count == named.count else {
            throw CheckpointError(
                path: folder.path(of: name), field: "'chat_template'", offset: nil,
                found: settings["chat_template"]?.shown ?? "", wanted: "a template, or a list of named ones")
        }
        guard let text = named.first(where: { $0.name == "default" })?.template?.stringValue else {
            throw CheckpointError(
                path: folder.path(of: name), field: "'chat_template'", offset: nil,
                found: "templates named \(names.quotedList)",
                wanted: "one named 'default', or the one to use as \(Self.whole)")
        }
        return text
    }

    /// Reads the named templates of a folder that has no others.
    private func namedTemplate() throws -> String? {
        let folder = CheckpointFolder(path: folder.path(of: Self.named))
        let names = folder.names.filter { $0.hasSuffix(Self.ending) }.map { String($0.dropLast(Self.ending.count)) }
        guard !names.isEmpty else { return nil }
        guard names.contains("default") else {
            throw CheckpointError(
                path: folder.path, field: "chat template", offset: nil, found: "templates named \(names.quotedList)",
                wanted: "one named 'default', or the one to use as \(Self.whole) beside this folder")
        }
        return try text(in: folder, "default" + Self.ending)
    }
}
