extension Jinja.Machine {
    /// Python's `str(value)`: what `{{ }}` writes.
    func shown(_ value: Value) throws(TemplateError) -> Text {
        switch value {
        case .text(let text): return text
        case .undefined: return Text()
        default: return try represented(value)
        }
    }

    /// Python's `repr(value)`.
    func represented(_ value: Value) throws(TemplateError) -> Text {
        var text = Text()
        try represent(value, into: &text)
        return text
    }

    private func represent(_ value: Value, into text: inout Text) throws(TemplateError) {
        try charge(1)
        if text.bytes.count > limits.outputBytesMax { try check(text) }
        switch value {
        case .list(let list): try represent(list, into: &text)
        case .map(let map): try represent(map, into: &text)
        default: try representLeaf(value, into: &text)
        }
    }

    private func represent(_ list: Jinja.List, into text: inout Text) throws(TemplateError) {
        switch list.form {
        case .range(let from, let to, let by):
            text.append("range(\(from), \(to)\(by == 1 ? "" : ", \(by)"))", trusted: true)
        case .view(let part):
            text.append("dict_\(part)([", trusted: true)
            try representItems(list, into: &text)
            text.append("])")
        case .list:
            text.append("[")
            try representItems(list, into: &text)
            text.append("]")
        case .tuple, .group:
            text.append("(")
            try representItems(list, into: &text)
            list.items.count == 1 ? text.append(",)") : text.append(")")
        }
    }

    private func representItems(_ list: Jinja.List, into text: inout Text) throws(TemplateError) {
        for place in list.items.indices {
            if place > 0 { text.append(", ") }
            try represent(list.items[place], into: &text)
        }
    }

    private func represent(_ map: Jinja.Map, into text: inout Text) throws(TemplateError) {
        text.append("{")
        for place in map.entries.indices {
            if place > 0 { text.append(", ") }
            try represent(map.entries[place].key, into: &text)
            text.append(": ")
            try represent(map.entries[place].value, into: &text)
        }
        text.append("}")
    }

    private func representLeaf(_ value: Value, into text: inout Text) throws(TemplateError) {
        switch value {
        case .undefined: text.append("Undefined")
        case .none: text.append("None")
        case .bool(let value): value ? text.append("True") : text.append("False")
        case .int(let value): text.append(String(value), trusted: true)
        case .double(let value): text.append(Jinja.digits(value), trusted: true)
        case .wide(let value): text.append(value.text, trusted: true)
        case .text(let inner):
            if inner.isMarkup { text.append("Markup(") }
            try quote(inner, into: &text)
            if inner.isMarkup { text.append(")") }
        case .list, .map: break
        case .iterator: text.append("<generator>")
        case .counter(let counter): text.append(counter.isJoiner ? "<joiner>" : "<cycler>", trusted: true)
        case .namespace(let index): try represent(namespace: index, into: &text)
        case .macro(let index): text.append("<Macro '\(macro(at: index).definition.name)'>", trusted: true)
        case .function(let function): text.append("<function \(function.rawValue)>", trusted: true)
        case .method: text.append("<method>")
        case .loop(let loop): text.append("<LoopContext \(loop.index + 1)/\(loop.items.count)>", trusted: true)
        }
    }

    /// One that is within itself is written as Python does it.
    private func represent(namespace index: Int, into text: inout Text) throws(TemplateError) {
        if shownNamespaces.contains(index) {
            text.append("<Namespace {...}>")
            return
        }
        guard shownNamespaces.count < Self.shownNamespacesMax else { throw fault("a namespace is nested too deep") }
        shownNamespaces.append(index)
        defer { shownNamespaces.removeLast() }
        text.append("<Namespace {")
        for (place, entry) in namespaces[index].enumerated() {
            if place > 0 { text.append(", ") }
            try represent(entry.key, into: &text)
            text.append(": ")
            try represent(entry.value, into: &text)
        }
        text.append("}>")
    }

    private func quote(_ inner: Text, into text: inout Text) throws(TemplateError) {
        try charge(inner.weight / 16)
        let hasSingle = inner.bytes.contains(UInt8(ascii: "'"))
        let mark: UInt8 =
            hasSingle && !inner.bytes.contains(UInt8(ascii: "\"")) ? UInt8(ascii: "\"") : UInt8(ascii: "'")
        text.append([mark], as: .template)
        for run in inner.runs {
            var written: [UInt8] = []
            for scalar in String(decoding: inner.bytes[run.range], as: UTF8.self).unicodeScalars {
                switch scalar {
                case "\\": written += Array("\\\\".utf8)
                case "\n": written += Array("\\n".utf8)
                case "\r": written += Array("\\r".utf8)
                case "\t": written += Array("\\t".utf8)
                default:
                    if scalar.value == UInt32(mark) {
                        written += [UInt8(ascii: "\\"), mark]
                    } else if Jinja.isPrintable(scalar) {
                        written += Array(UTF8.encode(scalar) ?? .init())
                    } else {
                        let digits = String(scalar.value, radix: 16)
                        let width = scalar.value < 0x100 ? 2 : scalar.value < 0x10000 ? 4 : 8
                        let letter = width == 2 ? "x" : width == 4 ? "u" : "U"
                        written += Array(
                            "\\\(letter)\(String(repeating: "0", count: width - digits.count))\(digits)".utf8)
                    }
                }
            }
            text.append(written, as: run.origin)
        }
        text.append([mark], as: .template)
    }
}
