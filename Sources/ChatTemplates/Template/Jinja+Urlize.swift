extension Jinja.Machine {
    /// The options of `urlize`, as its links need them.
    private struct LinkStyle {
        /// ` rel="…" target="…"`
        var attributes = Text()
        var shownMax: Value = .none
        var schemes: [Text] = []
    }

    /// jinja2's `urlize`: the addresses in a text as links, all else escaped.
    func withLinks(_ value: Value, _ arguments: Jinja.Arguments) throws(TemplateError) -> Value {
        let style = try linkStyle(arguments)
        let text = try escaped(try shown(value)).asMarkup(false)
        try charge(1 + text.weight / 2)
        var result = Text()
        var place = 0
        for word in text.splitAtSpace(limit: .max) {
            // The white space before it is kept as it is.
            let start = Self.spaceEnd(in: text, from: place)
            result.append(text.slice(place..<start))
            result.append(try linked(word, style))
            place = start + word.bytes.count
            if result.bytes.count > limits.outputBytesMax { try check(result) }
        }
        result.append(text.slice(place..<text.bytes.count))
        return try self.text(result)
    }

    private static func spaceEnd(in text: Text, from start: Int) -> Int {
        var place = start
        while place < text.bytes.count {
            let end = min(place + Jinja.length(ofLead: text.bytes[place]), text.bytes.count)
            guard let scalar = Jinja.scalar(text.bytes[place..<end]), Jinja.isSpace(scalar) else { break }
            place = end
        }
        return place
    }

    private func linkStyle(_ arguments: Jinja.Arguments) throws(TemplateError) -> LinkStyle {
        var style = LinkStyle()
        style.shownMax = arguments.get(0, "trim_url_limit") ?? .none
        var relations: [Text] = [.trusted("noopener")]
        if let given = arguments.get(3, "rel"), given.isTrue {
            guard case .text(let rel) = given else { throw fault("rel needs a text, got \(given.typeName)") }
            relations += rel.splitAtSpace(limit: .max)
        }
        if arguments.get(1, "nofollow")?.isTrue ?? false { relations.append(.trusted("nofollow")) }
        relations.sort()
        var rel = Text()
        for (place, relation) in relations.enumerated() where place == 0 || relations[place - 1] != relation {
            if place > 0 { rel.append(" ") }
            rel.append(relation)
        }
        style.attributes.append(" rel=\"")
        style.attributes.append(try escaped(rel))
        style.attributes.append("\"")
        if let target = arguments.get(2, "target"), target.isTrue {
            style.attributes.append(" target=\"")
            style.attributes.append(try escaped(try shown(target)))
            style.attributes.append("\"")
        }
        switch arguments.get(4, "extra_schemes") {
        case nil, .some(.none): break
        case let given?:
            for item in try items(of: given, for: "extra_schemes") {
                guard case .text(let scheme) = item, Jinja.Address.isScheme(Array(scheme.string.unicodeScalars)) else {
                    throw fault("extra_schemes needs beginnings of addresses, as 'tel:' or 'ftp://'")
                }
                style.schemes.append(scheme)
            }
        }
        return style
    }

    private func linked(_ word: Text, _ style: LinkStyle) throws(TemplateError) -> Text {
        try charge(1 + style.schemes.count)
        let (start, end) = Self.middle(of: word)
        var middle = word.slice(start..<end)
        let (head, tail) = (word.slice(0..<start), word.slice(end..<word.bytes.count))
        let scalars = Array(middle.string.unicodeScalars)
        if Jinja.Address.isWeb(scalars) {
            let hasScheme = middle.hasPrefix(Array("https://".utf8)) || middle.hasPrefix(Array("http://".utf8))
            middle = link(
                middle, before: hasScheme ? "" : "https://", style.attributes, try trimmed(middle, style.shownMax))
        } else if middle.hasPrefix(Array("mailto:".utf8)), Jinja.Address.isMail(scalars.dropFirst(7)) {
            middle = link(middle, before: "", Text(), middle.slice(7..<middle.bytes.count))
        } else if !middle.hasPrefix(Array("www.".utf8)), scalars.first != "@", !scalars.contains(":"),
            Jinja.Address.isMail(scalars[...])
        {
            middle = link(middle, before: "mailto:", Text(), middle)
        } else {
            for scheme in style.schemes where middle != scheme && middle.hasPrefix(scheme.bytes) {
                middle = link(middle, before: "", style.attributes, middle)
            }
        }
        var result = head
        result.append(middle)
        result.append(tail)
        return result
    }

    private func link(_ address: Text, before: String, _ attributes: Text, _ shown: Text) -> Text {
        var result = Text.trusted("<a href=\"" + before)
        result.append(address)
        result.append("\"")
        result.append(attributes)
        result.append(">")
        result.append(shown)
        result.append("</a>")
        return result
    }

    private func trimmed(_ address: Text, _ limit: Value) throws(TemplateError) -> Text {
        if case .none = limit { return address }
        guard let most = limit.asInt else { throw fault("trim_url_limit needs a number, got \(limit.typeName)") }
        let offsets = address.offsets
        let count = offsets.count - 1
        if count <= most { return address }
        var shown = address.slice(0..<offsets[most < 0 ? max(0, count + most) : most])
        shown.append("...")
        return shown
    }

    /// Where a word's address may stand: between what opens before it and what closes or ends a sentence behind it. An
    /// address that opens a bracket itself keeps what closes it.
    private static func middle(of word: Text) -> (start: Int, end: Int) {
        let bytes = word.bytes
        var start = 0
        while start < bytes.count {
            if bytes[start] == UInt8(ascii: "(") || bytes[start] == UInt8(ascii: "<") {
                start += 1
            } else if bytes[start...].starts(with: "&lt;".utf8) {
                start += 4
            } else {
                break
            }
        }
        var end = bytes.count
        while end > start {
            if ")>.,".utf8.contains(bytes[end - 1]) {
                end -= 1
            } else if bytes[start..<end].count >= 4, bytes[(end - 4)..<end].elementsEqual("&gt;".utf8) {
                end -= 4
            } else {
                break
            }
        }
        for (open, close) in [("(", ")"), ("<", ">"), ("&lt;", "&gt;")] {
            let tail = word.slice(end..<bytes.count).findAll(Array(close.utf8))
            let inside = word.slice(start..<end)
            let opened = inside.findAll(Array(open.utf8)).count
            guard opened > inside.findAll(Array(close.utf8)).count, !tail.isEmpty else { continue }
            end += tail[min(opened, tail.count) - 1] + close.utf8.count
        }
        return (start, end)
    }
}
