import CYAML
import LlamaStackAPI

/// YAML text → tree, through libyaml's events. Refuses what a distribution has no use for and an attacker has: anchors,
/// aliases, merge keys, tags, several documents. Goes on after a mistake where the text can still be understood.
struct YAMLReader {
    private var parser: yaml_parser_t
    private let diagnostics: Diagnostics
    private var nodes = 0
    private var lastScalar: YAMLMistake.LastScalar?

    private struct Stop: Error {}

    /// nil when there is no tree; the reason is among the diagnostics then.
    static func read(_ bytes: [UInt8], _ diagnostics: Diagnostics) -> YAMLNode? {
        guard bytes.count <= ManifestLimits.fileBytesMax else {
            diagnostics.add(
                nil, "too_large", "is \(bytes.count) bytes; a distribution has at most \(ManifestLimits.fileBytesMax)")
            return nil
        }
        if let place = firstInvalidUTF8(bytes) {
            diagnostics.add(
                place, "invalid_utf8", "this byte is not UTF-8",
                hint: bytes.starts(with: [0xff, 0xfe]) || bytes.starts(with: [0xfe, 0xff])
                    ? "the file is in UTF-16: save it in UTF-8" : "save the file in UTF-8")
            return nil
        }
        // libyaml skips a byte order mark only when it guesses the encoding; places count without it.
        let bytes = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? Array(bytes.dropFirst(3)) : bytes
        var reader = YAMLReader(diagnostics)
        guard yaml_parser_initialize(&reader.parser) == 1 else {
            diagnostics.add(nil, "out_of_memory", "out of memory")
            return nil
        }
        defer { yaml_parser_delete(&reader.parser) }
        return bytes.withUnsafeBufferPointer { buffer in
            yaml_parser_set_input_string(&reader.parser, buffer.baseAddress, buffer.count)
            yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING)
            return try? reader.document(bytes)
        }
    }

    private init(_ diagnostics: Diagnostics) {
        parser = yaml_parser_t()
        self.diagnostics = diagnostics
    }

    // MARK: the document

    private mutating func document(_ bytes: [UInt8]) throws -> YAMLNode {
        do {
            while true {
                let event = try next()
                switch event.type {
                case .streamStart, .documentStart: continue
                case .streamEnd:
                    diagnostics.add(.start, "empty", "is empty; a distribution begins with 'version: 1'")
                    throw Stop()
                default: break
                }
                let root = try node(event, depth: 0)
                guard try next().type == .documentEnd else { throw Stop() }
                let after = try next()
                guard after.type == .streamEnd else {
                    diagnostics.add(after.position, "several_documents", "a second document; a distribution is one")
                    return root
                }
                return root
            }
        } catch let error as UnreadableByte {
            diagnostics.add(
                Self.position(ofByte: error.offset, in: bytes), "yaml_syntax", "not valid YAML: \(error.problem)")
            throw Stop()
        } catch let error as YAMLMistake.Complaint {
            let report = YAMLMistake(complaint: error, lines: YAMLLines(bytes)).report
            // What looks like another character was perhaps named when its text was read.
            guard !diagnostics.found.contains(where: { $0.position == report.place }) else { throw Stop() }
            diagnostics.add(report.place, "yaml_syntax", "not valid YAML: \(report.message)", hint: report.hint)
            throw Stop()
        }
    }

    private mutating func node(_ event: Event, depth: Int, isKey: Bool = false) throws -> YAMLNode {
        nodes += 1
        guard nodes <= ManifestLimits.nodesMax else {
            diagnostics.add(
                event.position, "too_many_nodes", "the file has more than \(ManifestLimits.nodesMax) values")
            throw Stop()
        }
        guard depth <= ManifestLimits.depthMax else {
            diagnostics.add(event.position, "too_deep", "nested deeper than \(ManifestLimits.depthMax)")
            throw Stop()
        }
        if event.hasAnchor {
            diagnostics.add(
                event.position, "anchor", "anchors (&) are not part of a distribution", hint: "write the value out")
        }
        switch event.type {
        case .scalar: return YAMLNode(content: .scalar(scalar(event, isKey: isKey)), position: event.position)
        case .alias:
            diagnostics.add(
                event.position, "alias", "aliases (*) are not part of a distribution", hint: "write the value out")
            let scalar = YAMLScalar(text: "", isPlain: true, isUnresolved: true)
            return YAMLNode(content: .scalar(scalar), position: event.position)
        case .sequenceStart:
            refuseTag(event)
            var items: [YAMLNode] = []
            while true {
                let inner = try next()
                if inner.type == .sequenceEnd { break }
                items.append(try node(inner, depth: depth + 1))
            }
            return YAMLNode(content: .sequence(items), position: event.position)
        case .mappingStart:
            refuseTag(event)
            let (members, isIncomplete) = try self.members(depth)
            return YAMLNode(content: .mapping(members), position: event.position, isIncomplete: isIncomplete)
        default: throw Stop()
        }
    }

    /// - Returns: the members, and whether some had to be left out.
    private mutating func members(_ depth: Int) throws -> ([YAMLMember], Bool) {
        var members: [YAMLMember] = []
        var indices: [String: Int] = [:]
        var isIncomplete = false
        while true {
            let event = try next()
            if event.type == .mappingEnd { return (members, isIncomplete) }
            let key = try node(event, depth: depth + 1, isKey: true)
            let value = try node(try next(), depth: depth + 1)
            guard case .scalar(let scalar) = key.content, event.type == .scalar else {
                if event.type != .alias { diagnostics.add(key.position, "bad_key", "a key must be a plain word") }
                isIncomplete = true
                continue
            }
            guard !scalar.isUnresolved else {
                isIncomplete = true
                continue
            }
            let name = scalar.text
            guard name.utf8.count <= ManifestLimits.keyBytesMax, !name.isEmpty else {
                diagnostics.add(
                    key.position, "bad_key",
                    "a key has 1 to \(ManifestLimits.keyBytesMax) bytes, this one \(name.utf8.count)")
                isIncomplete = true
                continue
            }
            if name == "<<", scalar.isPlain {
                diagnostics.add(
                    key.position, "merge_key", "merge keys (<<) are not part of a distribution",
                    hint: "write the values out")
                isIncomplete = true
                continue
            }
            if let first = indices[name] {
                let line = members[first].keyPosition.line
                diagnostics.add(
                    key.position, "duplicate_key", "key \(Quote.short(name)) is here twice; first on line \(line)")
                members[first].value.isIncomplete = true
                continue
            }
            indices[name] = members.count
            members.append(YAMLMember(key: name, keyPosition: key.position, value: value))
        }
    }

    private func scalar(_ event: Event, isKey: Bool) -> YAMLScalar {
        var scalar = YAMLScalar(text: event.text, isPlain: event.isPlain)
        if scalar.isPlain, let finding = LookAlike.finding(in: scalar.text, isKey: isKey) {
            var place = event.position
            place.column += finding.offset
            diagnostics.add(place, "look_alike", finding.message, hint: finding.hint)
            scalar.text = finding.mended
            scalar.isUnresolved = finding.isStructure
        }
        if scalar.text.utf8.count > ManifestLimits.scalarBytesMax {
            diagnostics.add(
                event.position, "too_long",
                "a value of \(scalar.text.utf8.count) bytes; at most \(ManifestLimits.scalarBytesMax) are allowed")
            scalar.text = ""
        }
        guard let tag = event.tag else { return scalar }
        let core = "tag:yaml.org,2002:"
        let name = tag.hasPrefix(core) ? String(tag.dropFirst(core.count)) : tag
        scalar.isPlain = name != "str"
        scalar.isTaggedString = name == "str"
        let isRight: Bool
        switch (name, scalar.value) {
        case ("str", _), ("int", .integer), ("float", .integer), ("float", .number), ("bool", .bool), ("null", .null):
            isRight = true
        default: isRight = false
        }
        if !["str", "int", "float", "bool", "null"].contains(name) {
            diagnostics.add(
                event.position, "tag", "tag \(Quote.short(tag)) is not part of a distribution",
                hint: tag.hasPrefix("!") ? "if it is text, put the value in quotes" : nil)
        } else if !isRight {
            diagnostics.add(event.position, "tag", "\(Quote.short(scalar.text)) does not fit its tag !!\(name)")
        }
        return scalar
    }

    private func refuseTag(_ event: Event) {
        guard let tag = event.tag else { return }
        diagnostics.add(event.position, "tag", "tag \(Quote.short(tag)) is not part of a distribution")
    }

    // MARK: libyaml

    private struct Event {
        enum Kind {
            case streamStart, streamEnd, documentStart, documentEnd, alias, scalar
            case sequenceStart, sequenceEnd, mappingStart, mappingEnd
        }
        var type: Kind
        var position: Position
        var text = ""
        var isPlain = false
        var tag: String?
        var hasAnchor = false
    }

    /// libyaml tells of a character that may not be in a text by its place in the bytes alone.
    private struct UnreadableByte: Error {
        var offset: Int
        var problem: String
    }

    private mutating func next() throws -> Event {
        var raw = yaml_event_t()
        guard yaml_parser_parse(&parser, &raw) == 1 else { throw syntaxError() }
        defer { yaml_event_delete(&raw) }
        let position = Self.position(raw.start_mark)
        switch raw.type {
        case YAML_STREAM_START_EVENT: return Event(type: .streamStart, position: position)
        case YAML_STREAM_END_EVENT, YAML_NO_EVENT: return Event(type: .streamEnd, position: position)
        case YAML_DOCUMENT_START_EVENT: return Event(type: .documentStart, position: position)
        case YAML_DOCUMENT_END_EVENT: return Event(type: .documentEnd, position: position)
        case YAML_ALIAS_EVENT: return Event(type: .alias, position: position)
        case YAML_SEQUENCE_END_EVENT: return Event(type: .sequenceEnd, position: position)
        case YAML_MAPPING_END_EVENT: return Event(type: .mappingEnd, position: position)
        case YAML_SEQUENCE_START_EVENT:
            let start = raw.data.sequence_start
            return Event(
                type: .sequenceStart, position: position, tag: Self.text(start.tag), hasAnchor: start.anchor != nil)
        case YAML_MAPPING_START_EVENT:
            let start = raw.data.mapping_start
            return Event(
                type: .mappingStart, position: position, tag: Self.text(start.tag), hasAnchor: start.anchor != nil)
        default:
            let scalar = raw.data.scalar
            lastScalar = YAMLMistake.LastScalar(
                start: position, end: Self.position(raw.end_mark),
                isQuoted: [YAML_SINGLE_QUOTED_SCALAR_STYLE, YAML_DOUBLE_QUOTED_SCALAR_STYLE].contains(scalar.style))
            let bytes = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            return Event(
                type: .scalar, position: position, text: String(decoding: bytes, as: UTF8.self),
                isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE, tag: Self.text(scalar.tag),
                hasAnchor: scalar.anchor != nil)
        }
    }

    private func syntaxError() -> any Error {
        let problem = parser.problem.map { String(cString: $0) } ?? "not understood"
        if parser.error == YAML_READER_ERROR { return UnreadableByte(offset: parser.problem_offset, problem: problem) }
        return YAMLMistake.Complaint(
            problem: problem, place: Self.position(parser.problem_mark),
            context: parser.context.map { String(cString: $0) } ?? "",
            contextPlace: Self.position(parser.context_mark), last: lastScalar)
    }

    private static func position(_ mark: yaml_mark_t) -> Position {
        Position(line: Int(mark.line) + 1, column: Int(mark.column) + 1)
    }

    private static func text(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        pointer.map { String(cString: $0) }
    }

    // MARK: places in the bytes

    private static func firstInvalidUTF8(_ bytes: [UInt8]) -> Position? {
        if String(validating: bytes, as: UTF8.self) != nil { return nil }
        // Once, for a file that is refused anyway: the longest valid beginning, by halving.
        var low = 0, high = bytes.count
        while low < high {
            let middle = (low + high + 1) / 2
            if isValidBeginning(bytes, middle) { low = middle } else { high = middle - 1 }
        }
        return position(ofByte: low, in: bytes)
    }

    /// Valid, but for a character that the cut has split.
    private static func isValidBeginning(_ bytes: [UInt8], _ count: Int) -> Bool {
        for back in 0...min(3, count) where String(validating: bytes[..<(count - back)], as: UTF8.self) != nil {
            if back == 0 { return true }
            let lead = bytes[count - back]
            let length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 1
            return length > back && bytes[(count - back + 1)..<count].allSatisfy { $0 & 0xc0 == 0x80 }
        }
        return false
    }

    private static func position(ofByte offset: Int, in bytes: [UInt8]) -> Position {
        let before = bytes.prefix(offset)
        let line = before.count { $0 == UInt8(ascii: "\n") } + 1
        let lineStart = (before.lastIndex(of: UInt8(ascii: "\n")) ?? -1) + 1
        let column = String(decoding: before[lineStart...], as: UTF8.self).unicodeScalars.count + 1
        return Position(line: line, column: column)
    }
}
