import Foundation
import LlamaStackAPI
import RawHTTP

/// One HTTP response as it came.
struct Reply: Sendable {
    var version = ""
    var status = 0
    var headers: [(name: String, value: String)] = []
    var body: [UInt8] = []

    var text: String { String(decoding: body, as: UTF8.self) }
    var json: JSON { (try? JSON(parsing: body)) ?? .null }

    /// nil when it is not there; all values where it came more than once.
    subscript(name: String) -> String? {
        let values = headers.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
        return values.isEmpty ? nil : values.joined(separator: ", ")
    }

    // The parts of an error.
    var code: String { json["detail"]?["code"]?.stringValue ?? "" }
    var message: String { json["detail"]?["message"]?.stringValue ?? "" }
    var field: String? { json["detail"]?["field"]?.stringValue }
    var requestID: String? { json["detail"]?["request_id"]?.stringValue }

    /// What is wrong with it as an error; nil when it is in the one form that errors have.
    var errorFormProblem: String? {
        guard case .object(let whole) = json, whole.keys == ["detail"], case .object(let detail)? = whole["detail"]
        else {
            return "no detail in \(text.prefix(200))"
        }
        let known = ["code", "message", "field", "request_id"]
        guard detail.keys.allSatisfy(known.contains), detail.keys.prefix(2) == ["code", "message"] else {
            return "keys \(detail.keys)"
        }
        guard detail.members.allSatisfy({ $0.value.stringValue?.isEmpty == false }) else { return "empty: \(text)" }
        guard ErrorCode.all.contains(where: { $0.code == code && $0.httpStatus == status }) else {
            return "\(code) is not an error of status \(status)"
        }
        guard self["Content-Type"] == "application/json" else { return "its type is \(self["Content-Type"] ?? "none")" }
        return nil
    }
}

/// A connection that speaks HTTP. Blocking, for one thread: use it inside `raw`.
final class HTTPConnection {
    struct Broken: Error, CustomStringConvertible { var description: String }

    let raw: RawConnection
    private let port: Int
    private var buffer: [UInt8] = []
    private var start = 0
    /// How long to wait for the next byte.
    var patienceSeconds = 60.0

    init(port: Int, address: String = "127.0.0.1", receiveBufferBytes: Int32? = nil) throws {
        self.port = port
        raw = try RawConnection(port: port, address: address, receiveBufferBytes: receiveBufferBytes)
    }

    // MARK: Asking

    func request(_ verb: String, _ target: String, _ body: String? = nil, headers: String = "") -> String {
        var text = "\(verb) \(target) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n"
        if let body { text += "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n" }
        return text + headers + "\r\n" + (body ?? "")
    }

    func send(_ verb: String, _ target: String, _ body: String? = nil, headers: String = "") {
        raw.send(request(verb, target, body, headers: headers))
    }

    func ask(_ verb: String, _ target: String, _ body: String? = nil, headers: String = "") throws -> Reply {
        send(verb, target, body, headers: headers)
        return try reply(isHead: verb == "HEAD")
    }

    // MARK: Reading

    /// The next response, interim ones left out.
    func reply(isHead: Bool = false) throws -> Reply {
        var reply = try head()
        while (100..<200).contains(reply.status) { reply = try head() }
        if isHead || reply.status == 204 || reply.status == 304 { return reply }
        if let length = reply["Content-Length"].flatMap({ Int($0) }) {
            reply.body = try take(length)
        } else if reply["Transfer-Encoding"] == "chunked" {
            while let chunk = try chunk() { reply.body += chunk }
        } else if reply.version == "HTTP/1.0" {
            reply.body = try takeAll()
        } else {
            throw Broken(description: "a response without a length: \(reply.headers)")
        }
        return reply
    }

    /// The status line and the headers of the next response, interim ones too.
    func head() throws -> Reply {
        var reply = Reply()
        let status = try line().split(separator: " ", maxSplits: 2)
        guard status.count >= 2, ["HTTP/1.0", "HTTP/1.1"].contains(status[0]), let code = Int(status[1]) else {
            throw Broken(description: "not a status line: \(status)")
        }
        reply.version = String(status[0])
        reply.status = code
        while true {
            let line = try line()
            if line.isEmpty { return reply }
            guard let colon = line.firstIndex(of: ":") else { throw Broken(description: "not a header: \(line)") }
            let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            reply.headers.append((String(line[..<colon]), value))
        }
    }

    /// The next chunk of a chunked body; nil at its end.
    func chunk() throws -> [UInt8]? {
        let size = try line()
        guard let count = Int(size, radix: 16) else { throw Broken(description: "not a chunk size: \(size)") }
        let chunk = try take(count)
        guard try line().isEmpty else { throw Broken(description: "a chunk does not end where it should") }
        return count == 0 ? nil : chunk
    }

    /// Whether the server closes without another byte.
    func isClosed(withinSeconds seconds: Double = 60) -> Bool {
        start == buffer.count && raw.read(seconds: seconds) == nil
    }

    private func line() throws -> String {
        while true {
            if let end = buffer[start...].firstIndex(of: 0x0A) {
                defer { start = end + 1 }
                guard end > start, buffer[end - 1] == 0x0D else { throw Broken(description: "a line without CR") }
                return String(decoding: buffer[start..<end - 1], as: UTF8.self)
            }
            try fill()
        }
    }

    private func take(_ count: Int) throws -> [UInt8] {
        while buffer.count - start < count { try fill() }
        defer { start += count }
        return Array(buffer[start..<start + count])
    }

    /// Until the server closes.
    private func takeAll() throws -> [UInt8] {
        while let piece = raw.read(seconds: patienceSeconds) {
            guard !piece.isEmpty else { throw Broken(description: "nothing came for \(patienceSeconds) s") }
            buffer += piece
        }
        defer { start = buffer.count }
        return Array(buffer[start...])
    }

    private func fill() throws {
        if start > 1 << 20 || start == buffer.count { (buffer, start) = (Array(buffer[start...]), 0) }
        guard let piece = raw.read(seconds: patienceSeconds) else { throw Broken(description: "the server closed") }
        guard !piece.isEmpty else { throw Broken(description: "nothing came for \(patienceSeconds) s") }
        buffer += piece
    }
}
