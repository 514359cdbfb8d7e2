/// The `WWW-Authenticate` header of a 401 (RFC 9728, section 5.1).
enum TokenChallenge {
    /// The URL of the page that says which authorization servers issue tokens.
    static func metadataURL(_ header: String) -> String? { parameter("resource_metadata", of: header) }

    /// The value of a parameter, in quotes or without.
    private static func parameter(_ name: String, of header: String) -> String? {
        guard let start = header.lowercased().range(of: name + "=") else { return nil }
        let place = header.utf8.distance(from: header.startIndex, to: start.upperBound)
        let rest = String(decoding: header.utf8.dropFirst(place), as: UTF8.self)
        guard rest.hasPrefix("\"") else {
            return String(rest.prefix { !$0.isWhitespace && $0 != "," })
        }
        return String(rest.dropFirst().prefix { $0 != "\"" })
    }
}
