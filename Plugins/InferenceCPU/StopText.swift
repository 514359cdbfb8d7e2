/// Ends an answer at the first of some texts, and holds back what may become one: nothing of it is sent.
struct StopText {
    private let stops: [[UInt8]]
    private let bytesMax: Int
    private var held: [UInt8] = []
    /// The text that the answer ended at.
    private(set) var found: String?

    /// nil where there is none.
    init?(_ stops: [String]) {
        guard !stops.isEmpty else { return nil }
        self.stops = stops.map { Array($0.utf8) }
        bytesMax = self.stops.reduce(0) { max($0, $1.count) }
    }

    /// The text that is certain with this piece. After the end has been found nothing is.
    mutating func add(_ text: String) -> String {
        guard found == nil, !text.isEmpty else { return "" }
        let searched = held.count
        held += text.utf8
        // A text that ends in the new piece begins no earlier than this.
        for start in max(0, searched - bytesMax + 1)..<held.count {
            guard let stop = stops.first(where: { held[start...].starts(with: $0) }) else { continue }
            found = String(decoding: stop, as: UTF8.self)
            defer { held = [] }
            return String(decoding: held[..<start], as: UTF8.self)
        }
        // What begins like a text begins with a whole character, so the rest ends with one.
        let start = (max(0, held.count - bytesMax + 1)..<held.count).first { start in
            stops.contains { $0.starts(with: held[start...]) }
        }
        defer { held.removeFirst(start ?? held.count) }
        return String(decoding: held[..<(start ?? held.count)], as: UTF8.self)
    }

    /// The text that was held back: the answer goes on in another way, or has ended.
    mutating func finish() -> String {
        defer { held = [] }
        return String(decoding: held, as: UTF8.self)
    }
}
