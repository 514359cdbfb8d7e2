/// The id of one request in answers, logs and errors.
enum RequestID {
    static func make() -> String {
        var random = SystemRandomNumberGenerator()
        let hex = String(random.next() as UInt64, radix: 16)
        return "req_" + String(repeating: "0", count: 16 - hex.count) + hex
    }

    /// The client's own where it is a plain word, else a new one.
    static func of(_ given: String?) -> String {
        guard let given, (1...128).contains(given.utf8.count), given.utf8.allSatisfy(plain.contains) else {
            return make()
        }
        return given
    }

    private static let plain = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:".utf8)
}
