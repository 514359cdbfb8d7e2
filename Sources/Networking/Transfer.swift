import CCurl
import ContractBridge
import Dispatch
import Foundation
import Synchronization

/// One request over one connection to an address that was checked. Touched by the loop's thread alone once it was
/// submitted.
final class Transfer: @unchecked Sendable {
    /// How it ended for the one who waits.
    enum End: Sendable {
        case answered
        case redirect(String)
        case failed(CallError)
        /// No connection: another address may answer.
        case unreachable(CallError)
        case cancelled
    }

    /// The part of a redirect's body that is read, so that its connection can be kept.
    private static let redirectBytesMax = 16 << 10
    /// Pieces are gathered up to here: each write wakes the reader. A piece has 16 KiB at most.
    private static let pendingBytesMax = 64 << 10
    static let redirectStatuses: Set<Int> = [301, 302, 303, 307, 308]

    let request: OutgoingRequest
    let route: NetworkAccess.Route
    let address: IPAddress?
    let sink: any AnswerSink
    let followsRedirects: Bool
    let bytesMax: Int
    /// Runs once, when what was paused may go on.
    var onWritable: @Sendable () -> Void = {}

    /// Set by any thread.
    let isCancelled = Atomic(false)

    // Used on the loop's thread alone.
    var handle: OpaquePointer?
    private(set) var head = HeadParser()
    private(set) var bytes = 0
    private var redirect: String?
    private var failure: CallError?
    /// The bytes received since the last write. Empty while the sink's reader is behind.
    private var pending: [UInt8] = []
    private var pendingSince: DispatchTime?
    private var isWaiting = false
    private var isSinkClosed = false

    init(
        _ request: OutgoingRequest, _ route: NetworkAccess.Route, address: IPAddress?, followsRedirects: Bool,
        bytesMax: Int, into sink: any AnswerSink
    ) {
        (self.request, self.route, self.address) = (request, route, address)
        (self.followsRedirects, self.bytesMax, self.sink) = (followsRedirects, bytesMax, sink)
    }

    /// The very address that a socket is about to connect to.
    func mayConnect(to target: IPAddress) -> Bool {
        guard let address else { return route.proxy != nil }
        return target.unmapped == address.unmapped && route.rules?.allows(target) != false
    }

    // MARK: the answer

    /// False ends the transfer.
    func takeHeader(_ line: UnsafeRawBufferPointer) -> Bool {
        let wasWhole = head.isWhole
        do throws(CallError) { try head.take(line) } catch {
            failure = error
            return false
        }
        return head.isWhole && !wasWhole ? takeHead() : true
    }

    private func takeHead() -> Bool {
        if followsRedirects, Self.redirectStatuses.contains(head.status) {
            let locations = head.values(of: "location")
            if locations.count == 1 {
                redirect = locations[0]
                return true
            }
            failure = .upstream("its host answered \(head.status) without one place to go to")
            return false
        }
        if let length = head.values(of: "content-length").first.flatMap({ Int($0) }), length > bytesMax {
            failure = tooLong
            return false
        }
        let line = NetworkHead(status: head.status, url: route.url.text, headers: head.headers).json.bytes
        pendingSince = .now()
        pending += line
        pending.append(UInt8(ascii: "\n"))
        return true
    }

    func takeBody(_ piece: UnsafeRawBufferPointer) -> Int {
        guard !isWaiting else { return CCURL_PAUSE }
        bytes += piece.count
        if redirect != nil { return bytes <= Self.redirectBytesMax ? CCURL_TAKEN : CCURL_STOP }
        guard bytes <= bytesMax else {
            failure = tooLong
            return CCURL_STOP
        }
        if pendingSince == nil { pendingSince = .now() }
        // Once, and small enough for the allocator to use it again without asking the system.
        if pending.isEmpty, piece.count >= 8 << 10 { pending.reserveCapacity(Self.pendingBytesMax + (16 << 10)) }
        pending.append(contentsOf: piece)
        return pending.count < Self.pendingBytesMax || flush() ? CCURL_TAKEN : CCURL_STOP
    }

    enum Flushed { case written, pending, closed }

    /// Writes what has come when it has waited for long enough.
    func flush(at now: DispatchTime) -> Flushed {
        guard !pending.isEmpty, let since = pendingSince else {
            pendingSince = nil
            return isSinkClosed ? .closed : .written
        }
        let waited = now.uptimeNanoseconds - min(since.uptimeNanoseconds, now.uptimeNanoseconds)
        guard waited >= UInt64(TransferLoop.gatherMilliseconds) * 1_000_000 else { return .pending }
        return flush() ? .written : .closed
    }

    /// Writes the pending bytes. False when the sink is closed.
    func flush() -> Bool {
        guard !pending.isEmpty else { return !isSinkClosed }
        defer { (pending, pendingSince) = ([], nil) }
        switch sink.write(.body(pending)) {
        case .more: return true
        case .pause:
            isWaiting = true
            sink.whenWritable(onWritable)
            return true
        case .closed, .refused:
            isSinkClosed = true
            return false
        }
    }

    /// Before the loop goes on with it.
    func resume() { isWaiting = false }

    private var tooLong: CallError { .upstream("it is longer than \(bytesMax) bytes (bytes_max)") }

    // MARK: the end

    func end(_ end: ccurl_end) -> End {
        _ = flush()
        if isSinkClosed { return .cancelled }
        if let failure { return .failed(failure) }
        if let redirect { return .redirect(redirect) }
        switch end.result {
        case CCURL_OK:
            // Nothing but interim answers came.
            return head.isWhole ? .answered : .failed(.upstream("its host's answer is no whole HTTP answer"))
        case CCURL_NO_CONNECTION:
            let reason = end.os_error == 0 ? "" : " (\(String(cString: strerror(end.os_error))))"
            return .unreachable(.upstream("no connection\(reason)"))
        case CCURL_NO_CONNECTION_IN_TIME: return .unreachable(.upstream("no connection in time"))
        case CCURL_REFUSED: return .failed(.notAllowed("must name a host with a public address"))
        case CCURL_TLS:
            return .failed(.upstream("no TLS connection: its certificate is not trusted, or not its host's"))
        case CCURL_CA_FILE:
            return .failed(
                CallError(
                    .providerUnavailable, "can't be fetched: network.ca_file can't be read: \(route.caFile ?? "")"))
        case CCURL_HUNG_UP: return .failed(.upstream("its host hung up"))
        case CCURL_NOT_HTTP: return .failed(.upstream("its host's answer is no whole HTTP answer"))
        case CCURL_PROXY: return .failed(.upstream("the proxy (network.proxy) does not answer"))
        default:
            let detail = end.detail.map { String(cString: $0) } ?? ""
            return .failed(.upstream(Quote.printable(detail, charactersMax: 200)))
        }
    }
}

/// A request as it goes out.
struct OutgoingRequest: Sendable {
    var method: String
    /// "Name: value" each.
    var headers: [String]
    var body: [UInt8]
}
