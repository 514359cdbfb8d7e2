/// The names that only the template interpreter uses.
enum Jinja {}

extension Jinja {
    /// Where text comes from.
    enum Origin: Sendable, Equatable {
        /// The template or the server: text that may hold control tokens.
        case template
        /// Everyone else. `message`: the place, in the conversation, of the message that said it; nil where that is not
        /// kept.
        case content(message: Int?)

        init(trusted: Bool) { self = trusted ? .template : .content(message: nil) }

        var isTrusted: Bool { self == .template }
    }

    /// Text that knows where its bytes come from.
    ///
    /// `changes` are the places, rising and inside the text, at which another origin begins; `firstOrigin` holds up to
    /// the first.
    struct Text: Sendable {
        private(set) var bytes: [UInt8] = []
        private(set) var firstOrigin = Origin.template
        private(set) var changes: [(place: Int, origin: Origin)] = []
        /// Python's `Markup`: what `escape` and `safe` make, whose operations escape what is put into it.
        var isMarkup = false

        init() {}

        init(_ string: String, trusted: Bool) { self.init(string, Origin(trusted: trusted)) }
        init(_ string: String, _ origin: Origin) { self.init(Array(string.utf8), origin) }
        init(_ bytes: [UInt8], trusted: Bool) { self.init(bytes, Origin(trusted: trusted)) }

        init(_ bytes: [UInt8], _ origin: Origin) { (self.bytes, firstOrigin) = (bytes, origin) }

        static func trusted(_ string: String) -> Text { Text(string, trusted: true) }

        var isEmpty: Bool { bytes.isEmpty }
        var string: String { String(decoding: bytes, as: UTF8.self) }
        var isWhollyTrusted: Bool { firstOrigin.isTrusted && changes.isEmpty }
        /// Bytes and seams, the measure of what an operation on this text costs.
        var weight: Int { bytes.count + 4 * changes.count }

        mutating func append(_ other: Text) {
            if other.isEmpty { return }
            if isEmpty {
                let isMarkup = isMarkup
                self = other
                self.isMarkup = isMarkup
                return
            }
            let offset = bytes.count
            if changes.last?.origin ?? firstOrigin != other.firstOrigin { changes.append((offset, other.firstOrigin)) }
            for change in other.changes { changes.append((offset + change.place, change.origin)) }
            bytes.append(contentsOf: other.bytes)
        }

        mutating func append(_ string: StaticString) { append(Text("\(string)", .template)) }
        mutating func append(_ string: String, trusted: Bool) { append(Text(string, trusted: trusted)) }
        mutating func append(_ more: some Sequence<UInt8>, as origin: Origin) { append(Text(Array(more), origin)) }

        /// The bytes of `range`, which must begin and end at a character.
        func slice(_ range: Range<Int>) -> Text {
            if range.count == bytes.count { return self }
            var part = Text(Array(bytes[range]), range.isEmpty ? .template : firstOrigin)
            part.isMarkup = isMarkup
            if range.isEmpty || changes.isEmpty { return part }
            let first = firstChange(after: range.lowerBound)
            if first > 0 { part.firstOrigin = changes[first - 1].origin }
            var place = first
            while place < changes.count, changes[place].place < range.upperBound {
                part.changes.append((changes[place].place - range.lowerBound, changes[place].origin))
                place += 1
            }
            return part
        }

        /// Number of changes at or before `place`.
        private func firstChange(after place: Int) -> Int {
            var low = 0, high = changes.count
            while low < high {
                let middle = (low + high) / 2
                if changes[middle].place <= place { low = middle + 1 } else { high = middle }
            }
            return low
        }

        /// Stretches of one origin, in order.
        var runs: [(range: Range<Int>, origin: Origin)] {
            if isEmpty { return [] }
            var runs: [(Range<Int>, Origin)] = []
            var start = 0
            var origin = firstOrigin
            for change in changes {
                runs.append((start..<change.place, origin))
                (start, origin) = (change.place, change.origin)
            }
            runs.append((start..<bytes.count, origin))
            return runs
        }

        /// The same as markup, or as a plain text again.
        func asMarkup(_ isMarkup: Bool) -> Text {
            var text = self
            text.isMarkup = isMarkup
            return text
        }

        /// Each run put through `change`, its origin kept.
        func mapped(_ change: (String) -> String) -> Text {
            var result = Text().asMarkup(isMarkup)
            for run in runs {
                result.append(Text(change(String(decoding: bytes[run.range], as: UTF8.self)), run.origin))
            }
            return result
        }
    }
}

extension Jinja.Text: Equatable, Comparable {
    /// Its origin is not part of what a text says.
    static func == (left: Self, right: Self) -> Bool { left.bytes == right.bytes }
    /// UTF-8 sorts as its code points do.
    static func < (left: Self, right: Self) -> Bool { left.bytes.lexicographicallyPrecedes(right.bytes) }
}
