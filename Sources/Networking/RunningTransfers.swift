import CCurl
import ContractBridge
import Foundation

/// The transfers under way. Of the loop's thread alone.
final class RunningTransfers {
    private let loop: OpaquePointer?
    private let connectMilliseconds: Int
    private var running: [ObjectIdentifier: (transfer: Transfer, onEnd: @Sendable (Transfer.End) -> Void)] = [:]

    init(_ loop: OpaquePointer?, connectMilliseconds: Int) {
        (self.loop, self.connectMilliseconds) = (loop, connectMilliseconds)
    }

    var isEmpty: Bool { running.isEmpty }

    func start(_ transfer: Transfer, _ onEnd: @escaping @Sendable (Transfer.End) -> Void) {
        guard !transfer.isCancelled.load(ordering: .sequentiallyConsistent) else { return onEnd(.cancelled) }
        guard let loop, let handle = handle(for: transfer, loop) else {
            return onEnd(.failed(CallError(.overloaded, "there is no memory for a request")))
        }
        transfer.handle = handle
        running[ObjectIdentifier(transfer)] = (transfer, onEnd)
    }

    func resume(_ transfer: Transfer) {
        guard let handle = transfer.handle else { return }
        transfer.resume()
        ccurl_resume(handle)
    }

    func cancel(_ transfer: Transfer) { end(transfer, .cancelled) }

    func cancelAll() { for entry in running.values { end(entry.transfer, .cancelled) } }

    func takeEnds(_ loop: OpaquePointer) {
        var next = ccurl_end()
        while ccurl_next_end(loop, &next) {
            guard let context = next.context else { continue }
            let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
            end(transfer, transfer.end(next))
        }
    }

    /// Before the loop waits: writes what has waited for long enough. Whether something still waits.
    func flush(at now: DispatchTime) -> Bool {
        var hasPending = false
        for entry in running.values {
            switch entry.transfer.flush(at: now) {
            case .written: break
            case .pending: hasPending = true
            case .closed: end(entry.transfer, .cancelled)
            }
        }
        return hasPending
    }

    private func end(_ transfer: Transfer, _ end: Transfer.End) {
        guard let entry = running.removeValue(forKey: ObjectIdentifier(transfer)), let handle = transfer.handle,
            let loop
        else { return }
        transfer.handle = nil
        ccurl_free(loop, handle)
        entry.onEnd(end)
    }

    private func handle(for transfer: Transfer, _ loop: OpaquePointer) -> OpaquePointer? {
        let route = transfer.route, request = transfer.request
        let headers = request.headers.map { strdup($0) }
        defer { for header in headers { free(header) } }
        let lines: [UnsafePointer<CChar>?] = headers.map { UnsafePointer($0) }
        let texts = [request.method, route.url.text, transfer.connectTo, route.proxy, route.caFile].map { text in
            text.flatMap { strdup($0) }
        }
        defer { for text in texts { free(text) } }
        var callbacks = Self.callbacks(of: transfer)
        return lines.withUnsafeBufferPointer { lines in
            var raw = ccurl_request()
            raw.method = UnsafePointer(texts[0])
            raw.url = UnsafePointer(texts[1])
            raw.connect_to = UnsafePointer(texts[2])
            raw.proxy = UnsafePointer(texts[3])
            raw.ca_file = UnsafePointer(texts[4])
            raw.headers = lines.baseAddress
            raw.header_count = lines.count
            raw.has_body = request.hasBody
            raw.body_bytes = UInt64(request.body.count)
            raw.connect_milliseconds = connectMilliseconds
            return ccurl_start(loop, &raw, &callbacks)
        }
    }

    private static func callbacks(of owner: Transfer) -> ccurl_callbacks {
        ccurl_callbacks(
            context: Unmanaged.passUnretained(owner).toOpaque(),
            may_connect: { context, address in
                guard let address, let target = IPAddress(address) else { return false }
                return transfer(context).mayConnect(to: target)
            },
            header: { transfer($0).takeHeader(UnsafeRawBufferPointer(start: $1, count: $2)) },
            body: { Int32(transfer($0).takeBody(UnsafeRawBufferPointer(start: $1, count: $2))) },
            read: { context, offset, bytes, size in
                let body = transfer(context).request.body
                let start = min(Int(clamping: offset), body.count)
                let piece = body[start..<min(body.count, start + size)]
                UnsafeMutableRawBufferPointer(start: bytes, count: size).copyBytes(from: piece)
                return piece.count
            })
    }
}

private func transfer(_ context: UnsafeMutableRawPointer?) -> Transfer {
    guard let context else { preconditionFailure("a transfer's callbacks have its context") }
    return Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
}

extension Transfer {
    /// nil where the proxy finds the address.
    fileprivate var connectTo: String? {
        guard let address else { return nil }
        let text = address.isVersion6 ? "[\(address)]" : "\(address)"
        return "\(route.url.hostText):\(route.url.port):\(text):\(route.url.port)"
    }
}

extension OutgoingRequest {
    var hasBody: Bool { method == "POST" || method == "PUT" || !body.isEmpty }
}
