extension JSONError {
    /// The cause of an error that people's files often have, seen from the bytes around it: the thing found there, and
    /// advice (empty where none is needed). nil: only the message is known.
    package func cause(in bytes: some BidirectionalCollection<UInt8>) -> (found: String, advice: String)? {
        let before = bytes.prefix(byteOffset), after = bytes.dropFirst(byteOffset)
        func begins(_ word: String) -> Bool { after.starts(with: word.utf8) }
        guard let next = after.first else {
            return bytes.isEmpty
                ? ("nothing: it is empty", "") : ("its end in the middle of a value", "is it cut short?")
        }
        // The error of a number with a sign is behind the sign.
        let sign = before.last == UInt8(ascii: "-") ? "-" : ""
        for word in ["NaN", "Infinity", "-Infinity", "nan", "inf", "-inf"] where begins(word) {
            return ("\(sign)\(word), a number that JSON does not have", "write null, or a string")
        }
        for (word, right) in [("True", "true"), ("False", "false"), ("None", "null")] where begins(word) {
            return ("Python's \(word)", "write \(right) (json.dumps does)")
        }
        if begins("undefined") { return ("JavaScript's undefined", "write null") }
        if begins("//") || begins("/*") || begins("#") { return ("a comment", "JSON has no comments: leave it out") }
        if next == UInt8(ascii: "'") {
            return ("a single quote", "write names and strings in double quotes (json.dumps does)")
        }
        let last = before.reversed().first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
        if next < 0x80, Character(UnicodeScalar(next)).isLetter, message.hasSuffix("a key in quotes") {
            return ("a name without quotes", "write names in double quotes")
        }
        if next == UInt8(ascii: "]") || next == UInt8(ascii: "}") {
            if last == UInt8(ascii: ",") {
                return ("a comma before '\(Character(UnicodeScalar(next)))'", "leave the last comma out")
            }
        }
        if after.starts(with: [0xEF, 0xBB, 0xBF]) { return ("a byte order mark", "save it as UTF-8 without one") }
        if byteOffset == 0, after.starts(with: [0xFF, 0xFE]) || after.starts(with: [0xFE, 0xFF]) {
            return ("UTF-16", "save it as UTF-8")
        }
        return nil
    }
}
