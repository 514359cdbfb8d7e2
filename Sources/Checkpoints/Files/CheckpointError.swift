/// A model file that cannot be used: which file, which field of it, where, what was there and what belongs there.
package struct CheckpointError: Error, Equatable, CustomStringConvertible {
    /// As the user wrote it.
    package var path: String
    /// The thing that was being read, in words: "length of metadata key 3", "dimension 1 of tensor 'output.weight'".
    package var field: String
    /// Byte of the file at which the field starts; nil when the fault has no one place.
    package var offset: Int?
    package var found: String
    package var wanted: String

    package init(path: String, field: String, offset: Int?, found: String, wanted: String) {
        (self.path, self.field, self.offset, self.found, self.wanted) = (path, field, offset, found, wanted)
    }

    /// The stable code of every error of this kind.
    package static let code = "invalid_model_file"

    package var description: String {
        let place = offset.map { " at byte \($0)" } ?? ""
        return "\(path): \(field)\(place): found \(found), wanted \(wanted)"
    }
}

extension String {
    /// For messages: text from a file, without control characters and not longer than a line.
    package func quotedForMessage(charactersMax: Int = 60) -> String {
        var text = ""
        for scalar in unicodeScalars.prefix(charactersMax) {
            let isControl = scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value)
            text.unicodeScalars.append(isControl ? "\u{fffd}" : scalar)
        }
        return unicodeScalars.count > charactersMax ? "'\(text)…'" : "'\(text)'"
    }
}

extension [String] {
    /// For messages: names from a file, the first of them.
    var quotedList: String {
        prefix(8).map { $0.quotedForMessage(charactersMax: 40) }.joined(separator: ", ")
            + (count > 8 ? " and \(count - 8) more" : "")
    }
}
