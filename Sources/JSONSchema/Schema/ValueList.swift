import LlamaStackAPI

/// The values of `enum`, with a look-up that takes no longer for many than for one.
package struct ValueList: Sendable {
    /// In the order of the document.
    package let values: [JSON]
    private let forms: Set<[UInt8]>

    /// Each value once, at its first place.
    init(_ all: [JSON]) {
        var forms: Set<[UInt8]> = []
        values = all.filter { forms.insert(CanonicalForm.bytes(of: $0)).inserted }
        self.forms = forms
    }

    /// - Parameter form: a value's ``CanonicalForm``.
    func contains(_ form: [UInt8]) -> Bool { forms.contains(form) }

    /// Those that both have.
    func intersection(_ other: ValueList) -> ValueList {
        ValueList(values.filter { other.contains(CanonicalForm.bytes(of: $0)) })
    }
}

/// Bytes that are the same for values that JSON Schema holds to be the same: 1 and 1.0, members in any order.
enum CanonicalForm {
    static func bytes(of value: JSON) -> [UInt8] {
        var bytes: [UInt8] = []
        append(value, to: &bytes)
        return bytes
    }

    /// Each form says where it ends, so that no two lists of values run together.
    private static func append(_ value: JSON, to bytes: inout [UInt8]) {
        switch value {
        case .null: bytes.append(UInt8(ascii: "n"))
        case .bool(let flag): bytes.append(UInt8(ascii: flag ? "t" : "f"))
        case .integer, .number, .exact:
            bytes.append(UInt8(ascii: "#"))
            bytes.append(contentsOf: (Digits(value)?.text ?? "").utf8)
            bytes.append(UInt8(ascii: ";"))
        case .string(let text): append(text, to: &bytes)
        case .array(let items):
            bytes.append(UInt8(ascii: "["))
            for item in items { append(item, to: &bytes) }
            bytes.append(UInt8(ascii: "]"))
        case .object(let object):
            bytes.append(UInt8(ascii: "{"))
            let members = object.members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            for member in members {
                append(member.key, to: &bytes)
                append(member.value, to: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }

    /// 0xFF is no byte of UTF-8.
    private static func append(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: text.utf8)
        bytes.append(0xFF)
    }
}
