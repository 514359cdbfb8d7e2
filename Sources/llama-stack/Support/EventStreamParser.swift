import Host
import LlamaStackAPI

/// Server-sent events out of pieces of a body (WHATWG HTML, section 9.2): as much of it as a Llama Stack sends.
struct EventStreamParser {
    struct Record: Equatable {
        var event = ""
        var data = ""
    }

    let lineBytesMax: Int
    private var line: [UInt8] = []
    private var record = Record()
    private var hasData = false

    init(lineBytesMax: Int) { self.lineBytesMax = lineBytesMax }

    /// The records that this piece completes.
    mutating func append(_ bytes: some Sequence<UInt8>) throws -> [Record] {
        var records: [Record] = []
        for byte in bytes {
            if byte != UInt8(ascii: "\n") {
                guard line.count < lineBytesMax else {
                    throw CallError(.internal, "the server sent an event of over \(lineBytesMax) bytes")
                }
                line.append(byte)
                continue
            }
            if line.last == UInt8(ascii: "\r") { line.removeLast() }
            if line.isEmpty {
                if hasData { records.append(record) }
                record = Record()
                hasData = false
            } else {
                take(String(decoding: line, as: UTF8.self))
            }
            line.removeAll(keepingCapacity: true)
        }
        return records
    }

    private mutating func take(_ line: String) {
        guard let colon = line.firstIndex(of: ":"), colon != line.startIndex else { return }
        var value = line[line.index(after: colon)...]
        if value.first == " " { value = value.dropFirst() }
        switch line[..<colon] {
        case "event": record.event = String(value)
        case "data":
            record.data += (hasData ? "\n" : "") + value
            hasData = true
        default: break
        }
    }
}
