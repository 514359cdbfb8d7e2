import ContractBridge

/// The headers of a request, checked.
enum OutgoingHeaders {
    static let countMax = 100
    static let bytesMax = 64 << 10

    /// Headers that the connection sets itself, or that would let a provider speak for another host.
    private static let reserved: Set<String> = [
        "host", "content-length", "transfer-encoding", "connection", "keep-alive", "te", "trailer", "upgrade", "expect",
        "proxy-authorization", "proxy-connection", "accept-encoding",
    ]

    /// As libcurl takes them: one line each, and what it would add by itself taken out.
    static func lines(of headers: [[String]]) throws(CallError) -> [String] {
        guard headers.count <= countMax, headers.reduce(0, { $0 + $1[0].utf8.count + $1[1].utf8.count }) <= bytesMax
        else { throw wrong("may be \(countMax) and have \(bytesMax) bytes at most") }
        var names: Set<String> = []
        var lines: [String] = []
        for header in headers {
            let name = header[0], value = header[1]
            guard !name.isEmpty, name.utf8.allSatisfy(isTokenByte) else {
                throw wrong("must have names of letters, digits and hyphens, got \(Quote.short(name))")
            }
            guard !reserved.contains(name.lowercased()) else { throw wrong("may not have \(name): the host sets it") }
            // Only what can't end the line.
            guard value.utf8.allSatisfy({ $0 == 0x09 || $0 >= 0x20 && $0 != 0x7F }) else {
                throw wrong("must have values without control characters: \(name) has one")
            }
            names.insert(name.lowercased())
            lines.append(value.allSatisfy { $0 == " " || $0 == "\t" } ? "\(name);" : "\(name): \(value)")
        }
        if !names.contains("user-agent") { lines.append("User-Agent: llama-stack") }
        if !names.contains("content-type") { lines.append("Content-Type:") }
        return lines + ["Accept-Encoding: identity", "Expect:"]
    }

    private static func wrong(_ what: String) -> CallError {
        CallError(.invalidRequest, "headers \(what)", field: "headers")
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), 0x30...0x39: true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}

extension OutgoingRequest {
    /// Another origin is told nothing that was meant for the first.
    private static let harmless = [
        "user-agent", "content-type", "accept", "accept-encoding", "accept-language", "expect",
    ]

    /// The request that follows a redirect with this status.
    func redirected(_ status: Int, isElsewhere: Bool) throws(CallError) -> OutgoingRequest {
        var next = self
        if status == 303 || ((status == 301 || status == 302) && method == "POST") {
            (next.method, next.body) = ("GET", [])
            next.headers.removeAll { $0.lowercased().hasPrefix("content-type") }
        }
        guard isElsewhere else { return next }
        guard next.method == "GET" else {
            throw CallError.upstream("a redirect would send the \(method) to another host")
        }
        next.headers.removeAll { line in
            let name = line.prefix { $0 != ":" && $0 != ";" }.lowercased()
            return !Self.harmless.contains(name)
        }
        return next
    }
}
