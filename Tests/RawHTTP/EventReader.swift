/// Server-sent events, one after the other, as they come.
package final class EventReader {
    package struct Event: Sendable, Equatable {
        /// Empty unless the server named it.
        package var name = ""
        package var data = ""
    }

    private let reader: ReplyReader
    private var text: [UInt8] = []

    package init(_ reader: ReplyReader) { self.reader = reader }

    package var head: HTTPHead { reader.head }

    /// Waits for the next event; nil at the end of the answer.
    package func next() throws -> Event? {
        while true {
            if let event = takeEvent() { return event }
            guard let piece = try reader.piece() else {
                guard text.isEmpty else { throw RawHTTPError("the stream ended within an event") }
                return nil
            }
            text += piece
        }
    }

    /// All that is left of the answer, as it is: for one that turns out to be no stream.
    package func rest() throws -> [UInt8] { text + (try reader.rest()) }

    private func takeEvent() -> Event? {
        let newline = UInt8(ascii: "\n")
        guard let end = text.indices.dropLast().first(where: { text[$0] == newline && text[$0 + 1] == newline }) else {
            return nil
        }
        defer { text.removeFirst(end + 2) }
        var event = Event()
        for line in text[..<end].split(separator: newline) {
            let line = String(decoding: line, as: UTF8.self)
            if line.hasPrefix("data: ") { event.data += line.dropFirst(6) }
            if line.hasPrefix("event: ") { event.name = String(line.dropFirst(7)) }
        }
        return event
    }
}
