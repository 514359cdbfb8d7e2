// The methods of Python's `str`.
extension Jinja.Machine {
    func text(_ name: String, _ text: Text, _ arguments: Jinja.Arguments) throws(TemplateError) -> Value {
        switch name {
        case "strip", "lstrip", "rstrip":
            let characters = try optionalText(arguments, 0, "chars", name)
            return .text(text.stripped(characters, start: name != "rstrip", end: name != "lstrip"))
        case "startswith", "endswith": return .bool(try begins(name, text, arguments))
        case "split", "rsplit": return try split(text, arguments, fromEnd: name == "rsplit")
        case "splitlines":
            guard let keeps = (arguments.get(0, "keepends") ?? .bool(false)).asInt else {
                throw fault("splitlines keeps the ends or not")
            }
            let keepsEnds = keeps != 0
            return try list(lines(text, keepsEnds: keepsEnds).map { .text($0) })
        case "upper", "lower", "swapcase", "casefold": return try self.text(Jinja.changed(text, name))
        case "title":
            return try self.text(
                Jinja.titled(text) {
                    !$0.properties.isUppercase && !$0.properties.isLowercase
                        && $0.properties.generalCategory != .titlecaseLetter
                })
        case "capitalize": return try self.text(Jinja.capitalized(text))
        case "replace":
            guard case .text(let old)? = arguments.get(0, "old"), case .text(let new)? = arguments.get(1, "new") else {
                throw fault("replace needs two texts")
            }
            if case .some(.none) = arguments.get(2, "count") { throw fault("replace needs a count, got none") }
            return try replace(text, old, text.isMarkup ? try escaped(new) : new, arguments.get(2, "count"))
        case "join": return try joined(text, arguments.get(0, "iterable") ?? .none)
        case "find", "rfind", "index", "rindex", "count": return try find(name, text, arguments)
        case "removeprefix", "removesuffix":
            let part = try neededText(arguments, 0, "part", name)
            if name == "removeprefix", text.hasPrefix(part.bytes) {
                return .text(text.slice(part.bytes.count..<text.bytes.count))
            }
            if name == "removesuffix", text.hasSuffix(part.bytes) {
                return .text(text.slice(0..<text.bytes.count - part.bytes.count))
            }
            return .text(text)
        case "partition", "rpartition": return try parted(name, text, try neededText(arguments, 0, "sep", name))
        case "zfill", "ljust", "rjust", "center":
            guard let width = arguments.get(0, "width")?.asInt else { throw fault("\(name) needs a width") }
            return try padded(text, name, width, arguments.get(1, "fillchar"))
        case "expandtabs": return try expanded(text, arguments.get(0, "tabsize") ?? .int(8))
        case "translate": return try translated(text, arguments.get(0, "table") ?? .none)
        case "format": return try fill(text, arguments)
        case "format_map":
            guard case .map(let map)? = arguments.get(0, "mapping") else { throw fault("format_map needs a dict") }
            var named = Jinja.Arguments()
            for entry in map.entries {
                if case .text(let key) = entry.key { named.named.append((key.string, entry.value)) }
            }
            return try fill(text, named)
        default: return .bool(Jinja.isAll(name, text))
        }
    }

    private func optionalText(
        _ arguments: Jinja.Arguments, _ place: Int, _ name: String, _ method: String
    ) throws(TemplateError) -> Text? {
        switch arguments.get(place, name) {
        case nil, .some(.none): return nil
        case .text(let text)?: return text
        case let other?: throw fault("\(method) needs a text, got \(other.typeName)")
        }
    }

    private func neededText(
        _ arguments: Jinja.Arguments, _ place: Int, _ name: String, _ method: String
    ) throws(TemplateError) -> Text {
        guard let text = try optionalText(arguments, place, name, method) else { throw fault("\(method) needs a text") }
        return text
    }

    /// The part of the text between a method's two bounds, which count characters; nil where the start lies behind the
    /// end, in which not even an empty text is found.
    private func part(
        of text: Text, _ arguments: Jinja.Arguments
    ) throws(TemplateError) -> (text: Text, start: Int)? {
        if arguments.positional.count < 2 { return (text, 0) }
        let offsets = text.offsets
        let count = offsets.count - 1
        let range = try bounds(arguments, count: count)
        if let start = arguments.positional[1].asInt, start > count { return nil }
        if let end = arguments.get(2, "end")?.asInt, max(end < 0 ? end + count : end, 0) < range.lowerBound {
            return nil
        }
        return (text.slice(offsets[range.lowerBound]..<offsets[range.upperBound]), range.lowerBound)
    }

    private func begins(_ name: String, _ text: Text, _ arguments: Jinja.Arguments) throws(TemplateError) -> Bool {
        var choices = arguments.positional.prefix(1)
        if case .list(let list)? = choices.first, list.isTuple { choices = list.items[...] }
        let part = try part(of: text, arguments)
        var holds = false
        for choice in choices where !holds {
            guard case .text(let wanted) = choice else { throw fault("\(name) needs a text, got \(choice.typeName)") }
            guard let inside = part?.text else { continue }
            holds = name == "startswith" ? inside.hasPrefix(wanted.bytes) : inside.hasSuffix(wanted.bytes)
        }
        return holds
    }

    private func find(_ name: String, _ text: Text, _ arguments: Jinja.Arguments) throws(TemplateError) -> Value {
        let wanted = try neededText(arguments, 0, "sub", name)
        let part = try part(of: text, arguments)
        if name == "count" {
            guard let inside = part?.text else { return .int(0) }
            return .int(wanted.isEmpty ? inside.count + 1 : inside.findAll(wanted.bytes).count)
        }
        var found: Int?
        if let (inside, start) = part {
            let place = name.hasPrefix("r") ? inside.findLast(wanted.bytes) : inside.find(wanted.bytes)
            found = place.map { start + inside.slice(0..<$0).count }
        }
        if found == nil, name.hasSuffix("index") { throw fault("the text does not hold that text") }
        return .int(found ?? -1)
    }

    private func split(_ text: Text, _ arguments: Jinja.Arguments, fromEnd: Bool) throws(TemplateError) -> Value {
        guard let given = (arguments.get(1, "maxsplit") ?? .int(-1)).asInt else {
            throw fault("split needs a whole number of parts")
        }
        let limit = given < 0 ? Int.max : given
        var parts: [Text]
        if let separator = try optionalText(arguments, 0, "sep", "split") {
            if separator.isEmpty { throw fault("an empty separator") }
            parts =
                fromEnd ? text.splitFromEnd(separator.bytes, limit: limit) : text.split(separator.bytes, limit: limit)
        } else {
            parts = fromEnd ? text.splitAtSpaceFromEnd(limit: limit) : text.splitAtSpace(limit: limit)
        }
        try charge(parts.count)
        return try list(parts.map { .text($0) })
    }

    private func parted(_ name: String, _ text: Text, _ separator: Text) throws(TemplateError) -> Value {
        if separator.isEmpty { throw fault("an empty separator") }
        let nothing = text.slice(0..<0)
        let place = name == "partition" ? text.find(separator.bytes) : text.findLast(separator.bytes)
        guard let place else {
            let parts = name == "partition" ? [text, nothing, nothing] : [nothing, nothing, text]
            return try list(parts.map { .text($0) }, .tuple)
        }
        let end = place + separator.bytes.count
        return try list(
            [.text(text.slice(0..<place)), .text(separator), .text(text.slice(end..<text.bytes.count))], .tuple)
    }

    /// The lines of a text; Python ends them at ten characters.
    func lines(_ text: Text, keepsEnds: Bool = false) -> [Text] {
        var lines: [Text] = []
        var start = 0
        var place = 0
        let bytes = text.bytes
        while place < bytes.count {
            let length = Jinja.length(ofLead: bytes[place])
            guard let scalar = Jinja.scalar(bytes[place..<min(place + length, bytes.count)]) else { break }
            var end = place + length
            switch scalar.value {
            case 13:
                if end < bytes.count, bytes[end] == 10 { end += 1 }
                fallthrough
            case 10, 11, 12, 28, 29, 30, 0x85, 0x2028, 0x2029:
                lines.append(text.slice(start..<(keepsEnds ? end : place)))
                start = end
            default: break
            }
            place = end
        }
        if start < bytes.count { lines.append(text.slice(start..<bytes.count)) }
        return lines
    }

    func replace(_ text: Text, _ old: Text, _ new: Text, _ count: Value?) throws(TemplateError) -> Value {
        var limit = Int.max
        switch count {
        case nil, .some(.none): break
        case let given?:
            guard let number = given.asInt else { throw fault("replace needs a whole number, got \(given.typeName)") }
            if number >= 0 { limit = number }
        }
        let places = old.isEmpty ? min(text.bytes.count + 1, limit) : text.findAll(old.bytes, limit: limit).count
        let (added, overflows) = places.multipliedReportingOverflow(by: new.bytes.count)
        if overflows || added > limits.outputBytesMax {
            throw self.limit("a text longer than \(limits.outputBytesMax) bytes")
        }
        try charge(places / 4 + text.weight / 16)
        return try self.text(text.replacing(old.bytes, with: new, limit: limit))
    }

    /// The filter: every item as `{{ }}` would write it.
    func join(_ value: Value, with separator: Text) throws(TemplateError) -> Value {
        var result = Text()
        for (place, item) in try items(of: value, for: "join").enumerated() {
            try charge(1)
            if place > 0 { result.append(separator) }
            result.append(try shown(item))
            if result.bytes.count > limits.outputBytesMax { try check(result) }
        }
        return try text(result)
    }

    /// The method: texts alone.
    private func joined(_ separator: Text, _ value: Value) throws(TemplateError) -> Value {
        var texts: [Value] = []
        for item in try items(of: value, for: "join") {
            if separator.isMarkup {
                texts.append(.text(try escaped(try shown(item))))
                continue
            }
            guard case .text = item else { throw fault("join needs texts, got \(item.typeName)") }
            texts.append(item)
        }
        guard case .text(let result) = try join(try list(texts), with: separator) else { return .none }
        return .text(result.asMarkup(separator.isMarkup))
    }

    func padded(_ text: Text, _ name: String, _ width: Int, _ fill: Value?) throws(TemplateError) -> Value {
        var filler = Text(name == "zfill" ? "0" : " ", trusted: true)
        if let fill {
            guard case .text(let given) = fill, given.count == 1 else {
                throw fault("\(name) fills with one character")
            }
            filler = given
        }
        let missing = max(0, min(max(width, 0), limits.outputBytesMax + 1) - text.count)
        if missing == 0 { return .text(text) }
        if missing * filler.bytes.count > limits.outputBytesMax {
            throw limit("a text longer than \(limits.outputBytesMax) bytes")
        }
        try charge(missing / 8)
        func append(_ count: Int, to result: inout Text) {
            result.append(
                Text(Array(repeatElement(filler.bytes, count: count).joined()), trusted: filler.isWhollyTrusted))
        }
        // Python gives the odd one of a centred text to the left when the width is odd.
        let left = name == "ljust" ? 0 : name == "center" ? missing / 2 + (missing & width & 1) : missing
        var result = text.slice(0..<0)
        if name == "zfill", let sign = text.bytes.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
            result.append(text.slice(0..<1))
            append(left, to: &result)
            result.append(text.slice(1..<text.bytes.count))
        } else {
            append(left, to: &result)
            result.append(text)
            append(missing - left, to: &result)
        }
        return try self.text(result)
    }

    private func expanded(_ text: Text, _ size: Value) throws(TemplateError) -> Value {
        guard let size = size.asInt else { throw fault("expandtabs needs a whole number, got \(size.typeName)") }
        var result = text.slice(0..<0)
        var column = 0
        let offsets = text.offsets
        for place in 0..<offsets.count - 1 {
            let character = text.slice(offsets[place]..<offsets[place + 1])
            if character.bytes == [9] {
                let spaces = size > 0 ? min(size, limits.outputBytesMax + 1) - column % size : 0
                if result.bytes.count + max(0, spaces) > limits.outputBytesMax {
                    throw limit("a text longer than \(limits.outputBytesMax) bytes")
                }
                result.append([UInt8](repeating: 32, count: max(0, spaces)), as: .template)
                column += max(0, spaces)
            } else {
                result.append(character)
                column = character.bytes == [10] || character.bytes == [13] ? 0 : column + 1
            }
        }
        return try self.text(result)
    }

    /// Each character by the table's entry for its number: a text, a number, or none to leave it out.
    private func translated(_ text: Text, _ table: Value) throws(TemplateError) -> Value {
        guard case .map(let map) = table else { throw fault("translate needs a dict, got \(table.typeName)") }
        var result = text.slice(0..<0)
        let offsets = text.offsets
        for place in 0..<offsets.count - 1 {
            try charge(1 + map.entries.count / 8)
            let character = text.slice(offsets[place]..<offsets[place + 1])
            let scalar = Jinja.scalar(character.bytes[...])
            switch scalar.flatMap({ map.value(.int(Int($0.value))) }) {
            case nil: result.append(character)
            case .some(.none): break
            case .text(let other)?:
                result.append(character.isWhollyTrusted ? other : Text(other.bytes, character.firstOrigin))
            case .int(let number)?:
                guard let other = UInt32(exactly: number).flatMap(Unicode.Scalar.init) else {
                    throw fault("'\(number)' is no character")
                }
                result.append(Text(String(Character(other)), character.firstOrigin))
            case let other?: throw fault("translate cannot write a \(other.typeName)")
            }
            if result.bytes.count > limits.outputBytesMax { try check(result) }
        }
        return try self.text(result)
    }
}
