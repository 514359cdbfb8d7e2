import CProviderABI
import ContractBridge
import LlamaStackAPI
import Synchronization

/// Records one instance's use of the host: the implementation behind an `lsp_host` of the kit.
final class HostRecord: Sendable {
    /// More lines of log than this in one check is a flood.
    static let linesMax = 5000
    static let messageBytesMax = 16 << 10
    /// Every sample says it, so that a log which repeats a request is known.
    static let canary = "conformance-canary-7f3a91"

    let number = SinkTable.newNumber()
    private let needs: [String]
    private let report: Reporter
    private let lineCount = Atomic(0)
    private let isClosed = Atomic(false)

    init(needs: [String], report: Reporter) {
        (self.needs, self.report) = (needs, report)
        SinkTable.insert(self)
    }

    /// The instance is gone: it has nothing to say any more.
    func close() { isClosed.store(true, ordering: .sequentiallyConsistent) }

    func log(_ level: Int32, _ message: lsp_bytes, _ fields: lsp_bytes) {
        guard isOpen("log") else { return }
        guard isBelowLimit() else { return }
        if !(Int32(LSP_TRACE)...Int32(LSP_ERROR)).contains(level) {
            report.broken(.host, "it logs with the level \(level); there are LSP_TRACE to LSP_ERROR")
        }
        guard let text = text(message, "a log message") else { return }
        judge(text, strings(fields, "the fields of a log line") ?? "")
    }

    private func isBelowLimit() -> Bool {
        let count = lineCount.add(1, ordering: .relaxed).newValue
        if count == Self.linesMax { report.broken(.host, "it wrote \(count) lines of log, and goes on") }
        return count < Self.linesMax
    }

    private func judge(_ message: String, _ fields: String) {
        if message.contains(Self.canary) {
            report.broken(.host, "its log repeats what a request says: \(Quote.of(message))")
        }
        if fields.contains(Self.canary) { report.broken(.host, "its log's fields repeat what a request says") }
    }

    /// A line that came over a socket, where its format has been checked.
    func take(_ line: LogLine) {
        guard isBelowLimit() else { return }
        judge(line.message, line.fields.values.joined(separator: " "))
    }

    /// A measurement that came over a socket.
    func take(_ measurement: Measurement) { judge(metric: measurement.name) }

    private func judge(metric name: String) {
        if !Self.isSnakeCase(name) { report.broken(.host, "its metric \(Quote.of(name)) is not in snake_case") }
    }

    func metric(_ kind: Int32, _ name: lsp_bytes, _ value: Double, _ labels: lsp_bytes) {
        guard isOpen("metric") else { return }
        if !(Int32(LSP_COUNTER)...Int32(LSP_HISTOGRAM)).contains(kind) {
            report.broken(.host, "it measures with the kind \(kind); there are LSP_COUNTER to LSP_HISTOGRAM")
        }
        if let name = text(name, "the name of a metric") { judge(metric: name) }
        _ = strings(labels, "the labels of a metric")
    }

    /// There is no other provider here: the answer is an error that comes before this returns, as the contract allows.
    func call(_ request: UnsafePointer<lsp_request>?, _ sink: UnsafePointer<lsp_sink>?) {
        guard isOpen("call"), let request, let sink else { return }
        let target = text(request.pointee.target, "the target of a call") ?? ""
        let api = target.split(separator: "/").first.map(String.init) ?? ""
        if !needs.contains(api), !needs.contains(api + "?") {
            report.broken(.host, "it calls \(Quote.of(target)), which its \"needs\" does not name")
        }
        refuse(sink, "call", "there is no other provider here")
    }

    func announce(_ resource: lsp_bytes, _ done: UnsafePointer<lsp_sink>?) {
        guard isOpen("announce"), let done else { return }
        if let text = text(resource, "an announced resource"), (try? JSON(parsing: text))?["id"]?.stringValue == nil {
            report.broken(.host, "it announces \(Quote.of(text)), which is no resource")
        }
        refuse(done, "announce", "nothing is announced here")
    }

    private func refuse(_ sink: UnsafePointer<lsp_sink>, _ function: String, _ why: String) {
        guard sink.pointee.struct_size >= 48, let finish = sink.pointee.finish, sink.pointee.write != nil,
            sink.pointee.when_writable != nil
        else { return report.broken(.host, "a function is missing in the sink that it gave to \(function)") }
        let error = Array("{\"code\":\"api_not_served\",\"message\":\"\(why)\"}".utf8)
        error.withUnsafeBufferPointer {
            finish(sink.pointee.context, Int32(LSP_NOT_FOUND), lsp_bytes(data: $0.baseAddress, size: $0.count))
        }
    }

    private func isOpen(_ function: String) -> Bool {
        guard isClosed.load(ordering: .sequentiallyConsistent) else { return true }
        report.broken(.finish, "it called the host's \(function) after destroy was done")
        return false
    }

    private func text(_ bytes: lsp_bytes, _ what: String) -> String? {
        guard bytes.data != nil || bytes.size == 0 else {
            report.broken(.host, "\(what) has \(bytes.size) bytes from NULL")
            return nil
        }
        guard bytes.size <= Self.messageBytesMax else {
            report.broken(.host, "\(what) has \(bytes.size) bytes; the host cuts after \(Self.messageBytesMax)")
            return nil
        }
        let copy = bytes.data.map { [UInt8](UnsafeBufferPointer(start: $0, count: bytes.size)) } ?? []
        guard let text = String(validating: copy, as: UTF8.self) else {
            report.broken(.host, "\(what) is not UTF-8")
            return nil
        }
        return text
    }

    /// A JSON object of strings, or nothing.
    private func strings(_ bytes: lsp_bytes, _ what: String) -> String? {
        guard let text = text(bytes, what), !text.isEmpty else { return nil }
        guard case .object(let object)? = try? JSON(parsing: text),
            object.members.allSatisfy({ $0.value.stringValue != nil })
        else {
            report.broken(.host, "\(what) are no JSON object of strings: \(Quote.of(text))")
            return nil
        }
        return text
    }

    private static func isSnakeCase(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 95 }
    }
}
