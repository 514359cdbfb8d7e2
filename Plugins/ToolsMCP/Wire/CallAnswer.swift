import ProviderKit

/// A tool's result as the stack has it, from what its server answered.
struct CallAnswer {
    private var texts: [String] = []
    private var files: [ToolFile] = []
    private let toolName: String

    /// - Parameter toolName: names the files that have no name of their own.
    static func result(_ answer: JSON, toolName: String) -> ToolResult {
        if answer["resultType"]?.stringValue == "input_required" {
            return failed("The tool asks for input of a person or a model (input_required), which it can't have here.")
        }
        guard let members = answer.objectValue, members["content"] != nil || members["structuredContent"] != nil else {
            return failed("The tool's server answered without content.")
        }
        var reader = CallAnswer(toolName)
        let structured = members["structuredContent"].flatMap { $0 == .null ? nil : $0 }
        if case .array(let blocks)? = members["content"] {
            for block in blocks { reader.take(block) }
        } else if structured == nil {
            return failed("The tool's server answered with a content that is no list of blocks.")
        }
        let isError = members["isError"] == true
        // What is for programs is whole; the text beside it is a copy of it or a part.
        if let structured { reader.texts = [structured.text] }
        return ToolResult(content: .text(reader.texts.joined(separator: "\n")), isError: isError, files: reader.files)
    }

    /// A call that failed, with a sentence for the model.
    static func failed(_ sentence: String) -> ToolResult { ToolResult(content: .text(sentence), isError: true) }

    private init(_ toolName: String) { self.toolName = toolName }

    private mutating func take(_ block: JSON) {
        switch block["type"]?.stringValue {
        case "text"?: texts.append(block["text"]?.stringValue ?? "")
        case "image"?, "audio"?:
            attach(block["data"], block["mimeType"]?.stringValue, name: nil, what: block["type"]?.stringValue ?? "")
        case "resource"?:
            let resource = block["resource"] ?? .null
            if let text = resource["text"]?.stringValue {
                texts.append(text)
            } else {
                let name = resource["uri"]?.stringValue?.split(separator: "/").last.map(String.init)
                attach(resource["blob"], resource["mimeType"]?.stringValue, name: name, what: "resource")
            }
        case "resource_link"?:
            texts.append(
                [block["name"], block["uri"]].compactMap { $0?.stringValue }.joined(separator: ": "))
        default: texts.append("[a block of the type \(block["type"]?.text.prefix(40) ?? "none") is left out]")
        }
    }

    private mutating func attach(_ data: JSON?, _ mimeType: String?, name: String?, what: String) {
        let mimeType = mimeType ?? "application/octet-stream"
        guard let data, (try? Base64Data(json: data, at: .root)) != nil, let base64 = data.stringValue,
            Self.isMediaType(mimeType), let url = try? WireURL("data:\(mimeType);base64,\(base64)")
        else {
            texts.append("[\(what) that is left out: its data is no base64, or its mimeType is none]")
            return
        }
        let ending = mimeType.split(separator: "/").last.map(String.init) ?? "bin"
        files.append(
            ToolFile(
                name: name.map { String($0.prefix(100)) } ?? "\(toolName)-\(files.count + 1).\(ending)",
                attachment: Attachment(url: url, mimeType: mimeType)))
    }

    private static func isMediaType(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        return text.utf8.count <= 100 && parts.count == 2 && parts.allSatisfy { HTTPHeaderText.isToken(String($0)) }
    }
}
