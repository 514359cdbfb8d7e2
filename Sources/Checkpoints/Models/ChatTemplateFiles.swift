import LlamaStackAPI

/// Where the chat template of a Hugging Face folder may stand, as transformers has written it over the years: in
/// `chat_template.jinja`, in `tokenizer_config.json` (one, or several by name), or in `chat_template.json`, which
/// belongs to models that see images. Others, by name, may lie in `additional_chat_templates`. Of several, `default`
/// counts, and `tool_use` where tools are offered.
struct ChatTemplateFiles {
    static let whole = "chat_template.jinja"
    static let ofProcessor = "chat_template.json"
    static let named = "additional_chat_templates"
    static let ending = ".jinja"

    /// The files in `folder` that hold nothing else.
    static func names(in folder: CheckpointFolder) -> [String] {
        let named = CheckpointFolder(path: folder.path(of: Self.named)).names.filter { $0.hasSuffix(ending) }
        return [whole, ofProcessor].filter(folder.has) + named.map { "\(Self.named)/\($0)" }
    }

    let folder: CheckpointFolder
    /// `tokenizer_config.json`; an empty object where there is none.
    let tokenizerSettings: JSON

    /// nil when the folder has none.
    func sources() throws -> ChatTemplateSources? {
        guard let found = try ownSources() else { return try namedSources() }
        guard found.tools == nil else { return found }
        return ChatTemplateSources(plain: found.plain, tools: try namedText(ChatTemplateSources.toolsName))
    }

    /// Those of the first file that has any.
    private func ownSources() throws -> ChatTemplateSources? {
        if let text = try text(in: folder, Self.whole) { return ChatTemplateSources(plain: text) }
        if let found = try sources(of: tokenizerSettings, HuggingFaceFolder.tokenizerSettingsFile) { return found }
        return try sources(
            of: HuggingFaceFolder.optionalSettings(folder, Self.ofProcessor), Self.ofProcessor)
    }

    private func text(in folder: CheckpointFolder, _ name: String) throws -> String? {
        guard let file = try folder.optionalFile(name) else { return nil }
        let bytesMax = HuggingFaceFolder.settingsBytesMax
        guard file.bytes.count <= bytesMax, let text = String(validating: file.copied, as: UTF8.self) else {
            throw CheckpointError(
                path: file.path, field: "chat template", offset: nil, found: "\(file.bytes.count) bytes",
                wanted: "text in UTF-8 of at most \(bytesMax) bytes")
        }
        return text
    }

    private func sources(of settings: JSON, _ name: String) throws -> ChatTemplateSources? {
        var named: [(name: String?, template: JSON?)] = []
        switch settings["chat_template"] {
        case nil, .null: return nil
        case .string(let text): return ChatTemplateSources(plain: text)
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
        func text(_ name: String) -> String? { named.first { $0.name == name }?.template?.stringValue }
        guard let plain = text(ChatTemplateSources.plainName) else {
            throw CheckpointError(
                path: folder.path(of: name), field: "'chat_template'", offset: nil,
                found: "templates named \(names.quotedList)",
                wanted: "one named 'default', or the one to use as \(Self.whole)")
        }
        return ChatTemplateSources(plain: plain, tools: text(ChatTemplateSources.toolsName))
    }

    /// The templates of a folder that has none but named ones.
    private func namedSources() throws -> ChatTemplateSources? {
        if let plain = try namedText(ChatTemplateSources.plainName) {
            return ChatTemplateSources(plain: plain, tools: try namedText(ChatTemplateSources.toolsName))
        }
        let names = namedFolder.names.filter { $0.hasSuffix(Self.ending) }.map { $0.dropLast(Self.ending.count) }
        guard !names.isEmpty else { return nil }
        throw CheckpointError(
            path: namedFolder.path, field: "chat template", offset: nil,
            found: "templates named \(names.map(String.init).quotedList)",
            wanted: "one named 'default', or the one to use as \(Self.whole) beside this folder")
    }

    private func namedText(_ name: String) throws -> String? { try text(in: namedFolder, name + Self.ending) }

    private var namedFolder: CheckpointFolder { CheckpointFolder(path: folder.path(of: Self.named)) }
}

extension ChatTemplateSources {
    /// The files below a model's folder that transformers reads them from.
    package var files: [(name: String, bytes: [UInt8])] {
        var texts = [(ChatTemplateFiles.whole, plain)]
        if let tools {
            texts.append(("\(ChatTemplateFiles.named)/\(Self.toolsName)\(ChatTemplateFiles.ending)", tools))
        }
        return texts.map { ($0, Array($1.utf8)) }
    }
}
