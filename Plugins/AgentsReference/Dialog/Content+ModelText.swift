import ProviderKit

extension Content {
    /// The content as text alone: each attachment is a line with its URL. Nothing is fetched.
    var modelText: Content {
        let all = self.all
        guard all.contains(where: { if case .attachment = $0 { true } else { false } }) else { return self }
        let lines = all.map { item in
            switch item {
            case .text(let text): text
            case .attachment(let attachment): attachment.line
            }
        }
        return .text(lines.joined(separator: "\n"))
    }

    /// Its text, without attachments; pieces are joined by a space.
    var text: String {
        texts.joined(separator: " ")
    }

    /// The same content with a text behind it.
    func appending(_ text: String) -> Content {
        switch self {
        case .text(let own): .text(own + text)
        case .attachment: .items(all + [.text(text)])
        case .items(let items):
            if case .text(let last)? = items.last {
                .items(items.dropLast() + [.text(last + text)])
            } else {
                .items(items + [.text(text)])
            }
        }
    }
}

extension Attachment {
    /// For a `data:` URL the type alone: its bytes mean nothing to a model of text.
    fileprivate var line: String {
        url.string.hasPrefix("data:") ? "[attachment: \(mimeType)]" : "[attachment: \(url.string) (\(mimeType))]"
    }
}
