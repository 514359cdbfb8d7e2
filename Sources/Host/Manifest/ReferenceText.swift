/// A text with its references replaced: `${env.NAME}`, `${env.NAME:=default}`, `${env.NAME:+value}`. `$${` stands for
/// `${`; any other `${` is refused, since what it means elsewhere (`${NAME}`, `${NAME:-default}`) is not what happens
/// here.
struct ReferenceText {
    static let valueBytesMax = ManifestLimits.scalarBytesMax
    static let syntax = "there are ${env.NAME}, ${env.NAME:=default} and ${env.NAME:+value}"

    private(set) var text = ""
    private(set) var usedEnvironment = false
    /// The text was one reference and nothing else.
    private(set) var isWhole = false
    private let environment: [String: String]

    struct Problem: Error {
        var code: String
        var message: String
        var hint: String?

        init(_ code: String, _ message: String, hint: String? = nil) {
            (self.code, self.message, self.hint) = (code, message, hint)
        }
    }

    /// - Parameter isSecret: messages show no more of it than variables' names.
    init(_ source: String, _ environment: [String: String], isSecret: Bool) throws(Problem) {
        self.environment = environment
        var rest = source[...]
        while let start = rest.firstRange(of: "${") {
            text += rest[..<start.lowerBound]
            if text.last == "$", start.lowerBound > rest.startIndex {
                text += "{"
                rest = rest[start.upperBound...]
                continue
            }
            let inside = rest[start.upperBound...]
            guard inside.hasPrefix("env.") else { throw ForeignReference(inside, isSecret: isSecret).problem }
            let tail = inside.dropFirst("env.".count)
            guard let end = tail.firstIndex(of: "}") else {
                let shown = isSecret ? "${env." : String(rest[start.lowerBound...])
                throw Problem("bad_reference", "\(Quote.short(shown)) has no closing '}'")
            }
            text += try value(of: String(tail[..<end]), isSecret)
            guard text.utf8.count <= Self.valueBytesMax else {
                throw Problem("too_long", "the value is longer than \(Self.valueBytesMax) bytes")
            }
            isWhole = start.lowerBound == source.startIndex && tail.index(after: end) == source.endIndex
            rest = tail[tail.index(after: end)...]
        }
        text += rest
    }

    /// - Parameter reference: what stands between `${env.` and `}`.
    private mutating func value(of reference: String, _ isSecret: Bool) throws(Problem) -> String {
        let name = String(reference.prefix { $0.utf8.count == 1 && $0.utf8.allSatisfy(Self.isNameByte) })
        let rest = reference.dropFirst(name.count)
        let shown = Quote.short(isSecret ? "${env.\(name)…}" : "${env.\(reference)}")
        guard Self.isName(name), ForeignReference.isForm(rest) else {
            throw Problem(
                "bad_reference", "\(shown) has no valid variable name",
                hint: "a name has letters, digits and underscores")
        }
        let value = environment[name].flatMap { $0.isEmpty ? nil : $0 }
        if rest.isEmpty {
            guard let value else {
                let state = environment[name] == nil ? "is not set" : "is empty"
                throw Problem(
                    "unset_variable", "the environment variable \(name) \(state)",
                    hint: "set it, or give a default: ${env.\(name):=default}")
            }
            usedEnvironment = true
            return value
        }
        guard rest.hasPrefix(":=") || rest.hasPrefix(":+") else {
            throw Problem("bad_reference", "\(shown) is not understood", hint: Self.syntax)
        }
        let word = String(rest.dropFirst(2))
        guard !word.contains("${") else {
            let shown = Quote.short(isSecret ? "${env.\(name)…" : "${env.\(reference)")
            throw Problem("bad_reference", "\(shown) has a reference inside a reference")
        }
        if rest.hasPrefix(":+") { return value == nil ? "" : word }
        if value != nil { usedEnvironment = true }
        return value ?? word
    }

    static func isName(_ name: some StringProtocol) -> Bool {
        guard let first = name.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else {
            return false
        }
        return name.utf8.allSatisfy(isNameByte)
    }

    static func isNameByte(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "_") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }
}
