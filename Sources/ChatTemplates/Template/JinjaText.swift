/// The names that only the template interpreter uses.
enum Jinja {}

extension Jinja {
    /// Text that knows which of its bytes are trusted.
    ///
    /// `flips` are the places, rising and inside the text, at which trust changes; `startsTrusted` holds up to the
    /// first.
    struct Text: Sendable {
        private(set) var bytes: [UInt8] = []
        private(set) var startsTrusted = true
        private(set) var flips: [Int] = []
        /// Python's `Markup`: what `escape` and `safe` make, whose operations escape what is put into it.
        var isMarkup = false

        init() {}

        init(_ string: String, trusted: Bool) {
            bytes = Array(string.utf8)
            startsTrusted = trusted
        }

        init(_ bytes: [UInt8], trusted: Bool) {
            self.bytes = bytes
            startsTrusted = trusted
        }

        static func trusted(_ string: String) -> Text { Text(string, trusted: true) }

        var isEmpty: Bool { bytes.isEmpty }
        var string: String { String(decoding: bytes, as: UTF8.self) }
        var isWhollyTrusted: Bool { startsTrusted && flips.isEmpty }
        /// Bytes and seams, the measure of what an operation on this text costs.
        var weight: Int { bytes.count + 4 * flips.count }

        private var endsTrusted: Bool { startsTrusted != (flips.count % 2 == 1) }

        mutating func append(_ other: Text) {
            if other.isEmpty { return }
            if isEmpty {
                let isMarkup = isMarkup
                self = other
                self.isMarkup = isMarkup
                return
            }
            let offset = bytes.count
            if endsTrusted != other.startsTrusted { flips.append(offset) }
            for flip in other.flips { flips.append(offset + flip) }
            bytes.append(contentsOf: other.bytes)
        }

        mutating func append(_ string: StaticString) { append(Text("\(string)", trusted: true)) }
        mutating func append(_ string: String, trusted: Bool) { append(Text(string, trusted: trusted)) }

        /// Appends bytes that take their trust from place `origin` of `source`.
        mutating func append(_ more: some Sequence<UInt8>, as isTrusted: Bool) {
            append(Text(Array(more), trusted: isTrusted))
        }

        /// The bytes of `range`, which must begin and end at a character.
        func slice(_ range: Range<Int>) -> Text {
            if range.count == bytes.count { return self }
            var part = Text(Array(bytes[range]), trusted: startsTrusted)
            part.isMarkup = isMarkup
            if range.isEmpty { return part.marked(trusted: true) }
            if flips.isEmpty { return part }
            let first = firstFlip(after: range.lowerBound)
            part.startsTrusted = startsTrusted != (first % 2 == 1)
            var place = first
            while place < flips.count, flips[place] < range.upperBound {
                part.flips.append(flips[place] - range.lowerBound)
                place += 1
            }
            return part
        }

        /// Number of flips at or before `place`.
        private func firstFlip(after place: Int) -> Int {
            var low = 0, high = flips.count
            while low < high {
                let middle = (low + high) / 2
                if flips[middle] <= place { low = middle + 1 } else { high = middle }
            }
            return low
        }

        /// Stretches of one trust, in order.
        var runs: [(range: Range<Int>, isTrusted: Bool)] {
            if isEmpty { return [] }
            var runs: [(Range<Int>, Bool)] = []
            var start = 0
            var isTrusted = startsTrusted
            for flip in flips {
                runs.append((start..<flip, isTrusted))
                (start, isTrusted) = (flip, !isTrusted)
            }
            runs.append((start..<bytes.count, isTrusted))
            return runs
        }

        private func marked(trusted: Bool) -> Text {
            var text = self
            text.startsTrusted = trusted
            return text
        }

        /// The same as markup, or as a plain text again.
        func asMarkup(_ isMarkup: Bool) -> Text {
            var text = self
            text.isMarkup = isMarkup
            return text
        }

        /// Each run put through `change`, its trust kept.
        func mapped(_ change: (String) -> String) -> Text {
            var result = Text().asMarkup(isMarkup)
            for run in runs {
                result.append(change(String(decoding: bytes[run.range], as: UTF8.self)), trusted: run.isTrusted)
            }
            return result
        }
    }
}

extension Jinja.Text: Equatable, Comparable {
    /// Trust is not part of what a text says.
    static func == (left: Self, right: Self) -> Bool { left.bytes == right.bytes }
    /// UTF-8 sorts as its code points do.
    static func < (left: Self, right: Self) -> Bool { left.bytes.lexicographicallyPrecedes(right.bytes) }
}
