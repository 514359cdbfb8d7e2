/// Rules for the names in a distribution. Each function returns the problem, or nil.
package enum Identifiers {
    /// Also the name of a folder of the state.
    static func providerProblem(_ id: String) -> String? {
        let bytes = Array(id.utf8)
        let isGood =
            (1...64).contains(bytes.count) && isLetterOrDigit(bytes[0])
            && bytes.allSatisfy {
                isLetterOrDigit($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".")
            }
        return isGood ? nil : "must be 1 to 64 letters, digits, '.', '_' or '-', a letter or digit first"
    }

    /// Also part of a library's file name.
    package static func typeProblem(_ type: String) -> String? {
        let wanted = "must be inline::<name> or remote::<name>"
        guard let name = ["inline::", "remote::"].first(where: type.hasPrefix).map({ type.dropFirst($0.count) }) else {
            return wanted
        }
        let isGood =
            (1...64).contains(name.utf8.count)
            && name.utf8.allSatisfy { isLetterOrDigit($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-") }
        return isGood ? nil : wanted + ", the name of letters, digits, '_' and '-'"
    }

    /// Ids that clients use: opaque, but printable and of bounded length.
    static func resourceProblem(_ id: String) -> String? {
        guard (1...200).contains(id.utf8.count) else { return "must have 1 to 200 bytes" }
        return id.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7f }
            ? "must not hold control characters" : nil
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }
}

/// The address that a server listens on.
package enum ServerAddress {
    /// Whether only this machine can reach it.
    package static func isLoopback(_ host: String) -> Bool {
        if host == "localhost" || host == "::1" || host == "[::1]" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }

    /// The problem with a host name or address, or nil.
    static func problem(_ host: String) -> String? {
        if host.contains("://") { return "must be an address alone, without '\(host.prefix { $0 != "/" })//'" }
        if hasPort(host) { return "must be an address without a port, which stands under 'port'" }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        if host.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: ".") }),
            parts.count != 4 || !parts.allSatisfy({ UInt8($0) != nil })
        {
            return "must be an address of four numbers from 0 to 255, or a host name"
        }
        let isGood =
            (1...253).contains(host.utf8.count)
            && host.utf8.allSatisfy {
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0 | 0x20)
                    || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ":")
                    || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "[") || $0 == UInt8(ascii: "]")
            }
        return isGood ? nil : "must be an address or a host name"
    }

    /// `127.0.0.1:8321`, `localhost:8321`, `[::1]:8321`; an IPv6 address has more than one colon.
    private static func hasPort(_ host: String) -> Bool {
        let parts = host.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count > 1, let last = parts.last, last.allSatisfy(\.isNumber) else { return false }
        return parts.count == 2 || parts.dropLast().last?.hasSuffix("]") == true
    }
}

/// The part of a path that stands before all routes.
enum PathPrefix {
    /// The problem with one, or nil.
    static func problem(_ path: String) -> String? {
        guard !path.isEmpty else { return nil }
        let segments = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        let isGood =
            path.first == "/" && path.utf8.count <= 200
            && segments.allSatisfy { segment in
                !segment.isEmpty && segment != "." && segment != ".."
                    && segment.utf8.allSatisfy { byte in
                        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                            || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
                            || "-._~".utf8.contains(byte)
                    }
            }
        return isGood
            ? nil
            : "must be a path such as /llama: segments of letters, digits, '-', '.', '_' and '~', no '/' at the end"
    }
}
