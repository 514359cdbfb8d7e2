extension Jinja {
    enum Methods {
        static let ofMap: Swift.Set<String> = [
            "items", "keys", "values", "get", "copy", "pop", "update", "clear", "setdefault", "popitem",
        ]
        static let ofList: Swift.Set<String> = [
            "index", "count", "copy", "append", "extend", "insert", "pop", "remove", "reverse", "sort", "clear",
        ]
        static let ofText: Swift.Set<String> = [
            "strip", "lstrip", "rstrip", "startswith", "endswith", "split", "rsplit", "splitlines", "upper", "lower",
            "title",
            "capitalize", "swapcase", "replace", "find", "rfind", "index", "count", "join", "isdigit", "isnumeric",
            "isdecimal",
            "isalpha", "isalnum", "isspace", "isupper", "islower", "removeprefix", "removesuffix", "partition",
            "rpartition",
            "zfill", "ljust", "rjust", "center", "format",
        ]
    }
}

extension Jinja.Machine {
    func callMethod(_ name: String, of receiver: Value, _ arguments: Jinja.Arguments) throws(TemplateError) -> Value {
        switch receiver {
        case .text(let text):
            try charge(1 + text.weight / 16)
            return try self.text(name, text, arguments)
        case .map(let map): return try callMethod(name, of: map, arguments)
        case .list(let list): return try callMethod(name, of: list, arguments)
        case .loop(let loop):
            if name == "cycle" {
                guard !arguments.positional.isEmpty else { throw fault("loop.cycle needs values") }
                return arguments.positional[loop.index % arguments.positional.count]
            }
            guard arguments.positional.allSatisfy({ $0.depth == 0 }) else {
                throw fault("loop.changed takes plain values only")
            }
            var isSame = loop.lastChanged?.count == arguments.positional.count
            for (one, other) in zip(loop.lastChanged ?? [], arguments.positional) where isSame {
                isSame = try isEqual(one, other)
            }
            loop.lastChanged = arguments.positional
            return .bool(!isSame)
        default: throw fault("a \(receiver.typeName) has no method '\(name)'")
        }
    }

    private func callMethod(
        _ name: String, of map: Jinja.Map, _ arguments: Jinja.Arguments
    ) throws(TemplateError) -> Value {
        try charge(map.entries.count / 8)
        switch name {
        case "items": return try items(map)
        case "keys": return try list(map.entries.map(\.key))
        case "values": return try list(map.entries.map(\.value))
        case "copy": return .map(map)
        case "get":
            guard let key = arguments.get(0, "key") else { throw fault("get needs a key") }
            return map.value(key) ?? arguments.get(1, "default") ?? .none
        default: throw fault("a template cannot change a dict, so '\(name)' is refused")
        }
    }

    func items(_ map: Jinja.Map) throws(TemplateError) -> Value {
        var pairs: [Value] = []
        for entry in map.entries { pairs.append(try list([entry.key, entry.value], isTuple: true)) }
        return try list(pairs)
    }

    private func callMethod(
        _ name: String, of items: Jinja.List, _ arguments: Jinja.Arguments
    ) throws(TemplateError) -> Value {
        switch name {
        case "copy": return .list(items)
        case "index", "count":
            guard let wanted = arguments.positional.first else { throw fault("'\(name)' needs a value") }
            var count = 0
            for (place, item) in items.items.enumerated() {
                try charge(1)
                guard try isEqual(item, wanted) else { continue }
                if name == "index" { return .int(place) }
                count += 1
            }
            if name == "index" { throw fault("the list does not hold that value") }
            return .int(count)
        default: throw fault("a template cannot change a list, so '\(name)' is refused")
        }
    }

    private func text(_ name: String, _ text: Text, _ arguments: Jinja.Arguments) throws(TemplateError) -> Value {
        switch name {
        case "strip", "lstrip", "rstrip":
            let characters = try optionalText(arguments, 0, "chars", name)
            return .text(text.stripped(characters, start: name != "rstrip", end: name != "lstrip"))
        case "startswith", "endswith":
            guard let wanted = arguments.positional.first else { throw fault("\(name) needs a text") }
            var choices = [wanted]
            if case .list(let list) = wanted { choices = list.items }
            for choice in choices {
                guard case .text(let part) = choice else { throw fault("\(name) needs a text, got \(choice.typeName)") }
                if name == "startswith" ? text.hasPrefix(part.bytes) : text.hasSuffix(part.bytes) { return .bool(true) }
            }
            return .bool(false)
        case "split", "rsplit": return try split(text, arguments, fromEnd: name == "rsplit")
        case "splitlines": return try list(lines(text).map { .text($0) })
        case "upper", "lower", "swapcase": return try self.text(Jinja.changed(text, name))
        case "title": return try self.text(Jinja.titled(text, startsWord: { !$0.properties.isAlphabetic }))
        case "capitalize": return try self.text(Jinja.capitalized(text))
        case "replace":
            guard case .text(let old)? = arguments.get(0, "old"), case .text(let new)? = arguments.get(1, "new") else {
                throw fault("replace needs two texts")
            }
            return try replace(text, old, new, arguments.get(2, "count"))
        case "join": return try join(arguments.get(0, "iterable") ?? .none, with: text)
        case "find", "rfind", "index", "count": return try find(name, text, arguments)
        case "removeprefix", "removesuffix":
            let part = try neededText(arguments, 0, "part", name)
            if name == "removeprefix", text.hasPrefix(part.bytes) {
                return .text(text.slice(part.bytes.count..<text.bytes.count))
            }
            if name == "removesuffix", text.hasSuffix(part.bytes) {
                return .text(text.slice(0..<text.bytes.count - part.bytes.count))
            }
            return .text(text)
        case "partition", "rpartition":
            let part = try neededText(arguments, 0, "sep", name)
            if part.isEmpty { throw fault("an empty separator") }
            let places = text.findAll(part.bytes, limit: name == "partition" ? 1 : .max)
            guard let place = places.last else {
                let parts = name == "partition" ? [text, Text(), Text()] : [Text(), Text(), text]
                return try list(parts.map { .text($0) }, isTuple: true)
            }
            let end = place + part.bytes.count
            return try list(
                [.text(text.slice(0..<place)), .text(part), .text(text.slice(end..<text.bytes.count))], isTuple: true)
        case "zfill", "ljust", "rjust", "center":
            guard let width = arguments.get(0, "width")?.asInt else { throw fault("\(name) needs a width") }
            return try padded(text, name, width, arguments.get(1, "fillchar"))
        case "format": return try fill(text, arguments)
        default: return .bool(Self.isAll(name, text))
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

    private func split(_ text: Text, _ arguments: Jinja.Arguments, fromEnd: Bool) throws(TemplateError) -> Value {
        let given = arguments.get(1, "maxsplit")?.asInt ?? -1
        let limit = given < 0 ? Int.max : given
        var parts: [Text]
        if let separator = try optionalText(arguments, 0, "sep", "split") {
            if separator.isEmpty { throw fault("an empty separator") }
            parts = text.split(separator.bytes, limit: fromEnd ? .max : limit)
            if fromEnd, parts.count - 1 > limit {
                let kept = parts.suffix(limit)
                let length = kept.reduce(0) { $0 + $1.bytes.count + separator.bytes.count }
                parts = [text.slice(0..<text.bytes.count - length)] + kept
            }
        } else {
            if fromEnd, limit != .max { throw fault("rsplit with a limit needs a separator here") }
            parts = text.splitAtSpace(limit: limit)
        }
        try charge(parts.count)
        return try list(parts.map { .text($0) })
    }

    func lines(_ text: Text) -> [Text] {
        var lines: [Text] = []
        var start = 0
        var place = 0
        while place < text.bytes.count {
            let byte = text.bytes[place]
            let isPair = byte == 13 && place + 1 < text.bytes.count && text.bytes[place + 1] == 10
            if byte == 10 || byte == 13 || byte == 11 || byte == 12 {
                lines.append(text.slice(start..<place))
                place += isPair ? 1 : 0
                start = place + 1
            }
            place += 1
        }
        if start < text.bytes.count { lines.append(text.slice(start..<text.bytes.count)) }
        return lines
    }

    func replace(_ text: Text, _ old: Text, _ new: Text, _ count: Value?) throws(TemplateError) -> Value {
        var limit = Int.max
        if let given = count?.asInt, given >= 0 { limit = given }
        let places = old.isEmpty ? min(text.bytes.count + 1, limit) : text.findAll(old.bytes, limit: limit).count
        let (added, overflows) = places.multipliedReportingOverflow(by: new.bytes.count)
        if overflows || added > limits.outputBytesMax {
            throw self.limit("a text longer than \(limits.outputBytesMax) bytes")
        }
        try charge(places / 4 + text.weight / 16)
        return try self.text(text.replacing(old.bytes, with: new, limit: limit))
    }

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

    private func find(_ name: String, _ text: Text, _ arguments: Jinja.Arguments) throws(TemplateError) -> Value {
        let part = try neededText(arguments, 0, "sub", name)
        guard arguments.positional.count < 2 else { throw fault("\(name) takes one text here, without bounds") }
        if name == "count" { return .int(part.isEmpty ? text.count + 1 : text.findAll(part.bytes).count) }
        let place = name == "rfind" ? text.findAll(part.bytes).last : text.find(part.bytes)
        if place == nil, name == "index" { throw fault("the text does not hold that text") }
        return .int(place.map { text.slice(0..<$0).count } ?? -1)
    }

    func padded(_ text: Text, _ name: String, _ width: Int, _ fill: Value?) throws(TemplateError) -> Value {
        let missing = max(0, min(max(width, 0), limits.outputBytesMax + 1) - text.count)
        if missing == 0 { return .text(text) }
        if missing > limits.outputBytesMax { throw limit("a text longer than \(limits.outputBytesMax) bytes") }
        var filler: UInt8 = name == "zfill" ? UInt8(ascii: "0") : 32
        if case .text(let given)? = fill {
            guard given.bytes.count == 1 else { throw fault("\(name) fills with one ASCII character") }
            filler = given.bytes[0]
        }
        func fillers(_ count: Int) -> Text { Text([UInt8](repeating: filler, count: count), trusted: true) }
        // Python gives the odd one of a centred text to the left when the width is odd.
        let left = name == "ljust" ? 0 : name == "center" ? missing / 2 + (missing & width & 1) : missing
        var result = Text()
        if name == "zfill", let sign = text.bytes.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
            result.append(text.slice(0..<1))
            result.append(fillers(left))
            result.append(text.slice(1..<text.bytes.count))
        } else {
            result.append(fillers(left))
            result.append(text)
            result.append(fillers(missing - left))
        }
        return try self.text(result)
    }

    /// `'{} {0} {name}'.format(…)`, without conversions and widths.
    private func fill(_ pattern: Text, _ arguments: Jinja.Arguments) throws(TemplateError) -> Value {
        var result = Text()
        var place = 0
        var next = 0
        let bytes = pattern.bytes
        while place < bytes.count {
            let byte = bytes[place]
            guard byte == UInt8(ascii: "{") || byte == UInt8(ascii: "}") else {
                let end =
                    bytes[place...].firstIndex { $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: "}") } ?? bytes.count
                result.append(pattern.slice(place..<end))
                place = end
                continue
            }
            if place + 1 < bytes.count, bytes[place + 1] == byte {
                result.append(pattern.slice(place..<place + 1))
                place += 2
                continue
            }
            guard byte == UInt8(ascii: "{"), let end = bytes[place...].firstIndex(of: UInt8(ascii: "}")) else {
                throw fault("a format has a brace without its partner")
            }
            let field = pattern.slice(place + 1..<end).string
            let index = field.isEmpty ? next : Int(field)
            if field.isEmpty { next += 1 }
            let value =
                index.map { $0 >= 0 && $0 < arguments.positional.count ? arguments.positional[$0] : nil }
                ?? arguments.named.first { $0.0 == field }?.1
            guard let value else { throw fault("a format names '\(field.prefix(60))', which it was not given") }
            result.append(try shown(value))
            if result.bytes.count > limits.outputBytesMax { try check(result) }
            place = end + 1
        }
        return try text(result)
    }

    private static func isAll(_ name: String, _ text: Text) -> Bool {
        let scalars = text.string.unicodeScalars
        switch name {
        case "isupper", "islower":
            let cased = scalars.filter { $0.properties.isUppercase || $0.properties.isLowercase }
            return !cased.isEmpty && cased.allSatisfy { $0.properties.isUppercase == (name == "isupper") }
        case "isspace": return !scalars.isEmpty && scalars.allSatisfy(Jinja.isSpace)
        case "isalpha": return !scalars.isEmpty && scalars.allSatisfy(isLetter)
        case "isalnum":
            return !scalars.isEmpty && scalars.allSatisfy { isLetter($0) || $0.properties.numericType != nil }
        case "isnumeric": return !scalars.isEmpty && scalars.allSatisfy { $0.properties.numericType != nil }
        case "isdecimal": return !scalars.isEmpty && scalars.allSatisfy { $0.properties.numericType == .decimal }
        default:
            return !scalars.isEmpty
                && scalars.allSatisfy { $0.properties.numericType == .decimal || $0.properties.numericType == .digit }
        }
    }

    private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
        default: false
        }
    }
}
