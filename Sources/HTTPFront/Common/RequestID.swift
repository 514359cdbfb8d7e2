import Logging
import Synchronization

/// The id of one request in answers, logs and errors.
enum RequestID {
    static func make() -> String { unique("req_") }

    /// The prefix and 16 digits that no other id of this process has, and with all likelihood none of another.
    ///
    /// Numbers in a row from a random one, each mixed by the steps of SplitMix64 (Steele et al. 2014), which leave no
    /// two alike: a system call for each id would take longer.
    static func unique(_ prefix: String) -> String {
        var mixed = last.wrappingAdd(0x9E37_79B9_7F4A_7C15, ordering: .relaxed).newValue
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        mixed ^= mixed >> 31
        let count = prefix.utf8.count
        return String(unsafeUninitializedCapacity: count + 16) { bytes in
            for (index, byte) in prefix.utf8.enumerated() { bytes.initializeElement(at: index, to: byte) }
            for digit in 0..<16 {
                let value = UInt8(truncatingIfNeeded: mixed >> (60 - 4 * UInt64(digit))) & 15
                bytes.initializeElement(
                    at: count + digit, to: value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10)
            }
            return count + 16
        }
    }

    private static let last = Atomic<UInt64>(.random(in: 0...UInt64.max))

    /// The client's own where it is a plain word, else a new one.
    static func of(_ given: String?) -> String {
        guard let given, (1...128).contains(given.utf8.count), given.utf8.allSatisfy(plain.contains) else {
            return make()
        }
        return given
    }

    /// The metadata of a line of the log about the request. A logger that always has it would cost each request a copy.
    static func metadata(_ requestID: String) -> Logger.Metadata { ["request_id": .string(requestID)] }

    private static let plain = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:".utf8)
}
