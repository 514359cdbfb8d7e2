import Foundation

/// `text/html; charset=utf-8`, taken apart.
package struct MediaType: Equatable {
    /// In lower case, without parameters.
    package var name: String
    /// In lower case, as it is declared; nil when it is not.
    package var charset: String?

    /// nil for what is no media type.
    package init?(_ text: String) {
        // Most are a bare name in lower case, and each document that is sent has one.
        if text.utf8.allSatisfy(Self.isPlain) {
            let slash = text.utf8.firstIndex(of: UInt8(ascii: "/"))
            guard let slash, slash > text.startIndex, slash == text.utf8.lastIndex(of: UInt8(ascii: "/")),
                text.utf8.index(after: slash) < text.endIndex
            else { return nil }
            name = text
            return
        }
        let parts = text.split(separator: ";", omittingEmptySubsequences: false)
            .map { $0.trimmingCharacters(in: .whitespaces).lowercased() }
        guard let name = parts.first, name.split(separator: "/", omittingEmptySubsequences: false).count == 2,
            !name.hasPrefix("/"), !name.hasSuffix("/")
        else { return nil }
        self.name = name
        charset = parts.dropFirst().lazy.compactMap { Self.value(of: "charset", in: $0) }.first { !$0.isEmpty }
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-")...UInt8(ascii: "9"), UInt8(ascii: "+"): true
        default: false
        }
    }

    /// Spaces around the sign are not allowed, and are written.
    private static func value(of name: String, in parameter: String) -> String? {
        guard let equals = parameter.firstIndex(of: "="),
            parameter[..<equals].trimmingCharacters(in: .whitespaces) == name
        else { return nil }
        return parameter[parameter.index(after: equals)...].trimmingCharacters(in: CharacterSet(charactersIn: "\"' \t"))
    }
}
