import ProviderKit

/// An argument that a tool's schema marks with `x-mcp-header`: over HTTP its value stands in the header
/// `Mcp-Param-<name>` too (revision 2026-07-28, "Custom headers from tool parameters").
struct HeaderMark: Sendable, Equatable {
    static let keyword = "x-mcp-header"

    var name: String
    /// The keys that lead to the argument.
    var path: [String]

    /// Why a tool must be left out.
    struct Mistake: Error, Equatable { var sentence: String }

    /// Throws for a mark that breaks a rule: its name is a token, once in the tool, on a string, an integer or a
    /// boolean that is reached by `properties` alone.
    static func all(in schema: JSONObject) throws(Mistake) -> [HeaderMark] {
        var search = Search()
        try search.visit(.object(schema), path: [], isReachable: true, isProperty: false)
        return search.found
    }

    private struct Search {
        var found: [HeaderMark] = []
        private var names: Set<String> = []

        mutating func visit(_ json: JSON, path: [String], isReachable: Bool, isProperty: Bool) throws(Mistake) {
            switch json {
            case .array(let items):
                for item in items { try visit(item, path: path, isReachable: false, isProperty: false) }
            case .object(let schema):
                if let mark = schema[keyword] { try add(mark, of: schema, path, isReachable && isProperty) }
                for member in schema.members where !["default", "const", "enum", "examples"].contains(member.key) {
                    guard member.key == "properties", let properties = member.value.objectValue else {
                        try visit(member.value, path: path, isReachable: false, isProperty: false)
                        continue
                    }
                    for property in properties.members {
                        try visit(
                            property.value, path: path + [property.key], isReachable: isReachable, isProperty: true)
                    }
                }
            default: break
            }
        }

        private mutating func add(
            _ mark: JSON, of schema: JSONObject, _ path: [String], _ isReachable: Bool
        ) throws(Mistake) {
            guard let name = mark.stringValue, HTTPHeaderText.isToken(name) else {
                throw Mistake(sentence: "has an \(keyword) that is no header name: \(mark.text.prefix(60))")
            }
            let type = schema["type"]?.stringValue ?? ""
            guard ["string", "integer", "boolean"].contains(type) else {
                throw Mistake(sentence: "has the \(keyword) '\(name)' on what is no string, integer or boolean")
            }
            guard isReachable else {
                throw Mistake(sentence: "has the \(keyword) '\(name)' where no fixed path of properties leads to")
            }
            guard names.insert(name.lowercased()).inserted else {
                throw Mistake(sentence: "has the \(keyword) '\(name)' twice")
            }
            found.append(HeaderMark(name: name, path: path))
        }
    }

    /// The header for these arguments; nil where the argument is missing or null.
    func header(for arguments: JSONObject) -> HTTPField? {
        var value = JSON.object(arguments)
        for key in path {
            guard let next = value[key] else { return nil }
            value = next
        }
        let text: String
        switch value {
        case .string(let string): text = string
        case .bool, .integer: text = value.text
        case .number, .exact: text = value.text
        case .null, .array, .object: return nil
        }
        return HTTPField("Mcp-Param-\(name)", HTTPHeaderText.value(text))
    }
}

/// Text in headers.
enum HTTPHeaderText {
    /// RFC 9110's token, of which names of headers are made.
    static func isToken(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "a")...UInt8(ascii: "z"):
                    true
                default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
                }
            }
    }

    /// As it is when it is plain ASCII, else in base64 between marks.
    static func value(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { (0x20...0x7E).contains($0) || $0 == 0x09 }
        let isTrimmed = ![" ", "\t"].contains { text.hasPrefix($0) || text.hasSuffix($0) }
        let isMarked = text.hasPrefix("=?base64?") && text.hasSuffix("?=")
        guard !isPlain || !isTrimmed || isMarked else { return text }
        return "=?base64?\(Base64Data(Array(text.utf8)).json.stringValue ?? "")?="
    }
}
