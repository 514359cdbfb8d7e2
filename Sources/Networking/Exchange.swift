import ContractBridge
import Dispatch
import Foundation
import LlamaStackAPI

/// One request of a provider: its redirects, its limits, its line in the log.
final class Exchange: Sendable {
    static let redirectsDefault = 3
    static let redirectsMax = 10
    static let secondsDefault = 600.0
    static let secondsMax = 86_400.0
    private static let addressesMax = 4

    private let request: OutgoingRequest
    private let url: NetworkURL
    private let access: NetworkAccess
    private let redirectsMax: Int
    private let bytesMax: Int
    private let seconds: Double
    private let deadlineNanoseconds: Int64
    private let requestID: String
    private let loop: TransferLoop
    private let log: LogSink
    private let sink: any AnswerSink

    /// Throws what is wrong with the parameters or the URL.
    init(
        _ call: CallRequest, _ access: NetworkAccess, _ loop: TransferLoop, _ log: LogSink, into sink: any AnswerSink
    ) throws(CallError) {
        let parameters = try Self.parameters(of: call)
        guard call.body.count <= NetworkCall.bodyBytesMax else {
            throw CallError(
                .bodyTooLarge,
                "the body of a network request may have \(NetworkCall.bodyBytesMax) bytes, got \(call.body.count)")
        }
        guard call.body.isEmpty || parameters.method != "GET" else {
            throw CallError(.invalidRequest, "a GET has no body, got \(call.body.count) bytes", field: "method")
        }
        request = OutgoingRequest(
            method: parameters.method, headers: try OutgoingHeaders.lines(of: parameters.headers), body: call.body)
        url = try NetworkURL(parameters.url)
        redirectsMax =
            try Self.value(parameters.redirectsMax, "redirects_max", 0...Self.redirectsMax)
            ?? Self.redirectsDefault
        let bytes = try Self.value(parameters.bytesMax, "bytes_max", 0...Int.max)
        let seconds = try Self.value(parameters.secondsMax, "seconds_max", 0.001...Self.secondsMax)
        // The operator's number is the one that counts.
        bytesMax = access.limits.bytesMax > 0 ? access.limits.bytesMax : bytes ?? Int.max
        self.seconds = access.limits.secondsMax > 0 ? Double(access.limits.secondsMax) : seconds ?? Self.secondsDefault
        (deadlineNanoseconds, requestID) = (call.deadlineNanoseconds, call.requestID)
        (self.access, self.loop, self.log, self.sink) = (access, loop, log, sink)
    }

    private static func parameters(of call: CallRequest) throws(CallError) -> NetworkParameters {
        do {
            let json = try JSON(parsing: call.parameters.isEmpty ? Array("{}".utf8) : call.parameters)
            return try NetworkParameters(json: json, at: .root)
        } catch {
            throw CallError(.invalidRequest, "the parameters of a network request: \(error)")
        }
    }

    private static func value<Value: Comparable>(
        _ value: Value?, _ name: String, _ range: ClosedRange<Value>
    ) throws(CallError) -> Value? {
        guard let value, !range.contains(value) else { return value }
        throw CallError(
            .invalidRequest, "\(name) must be in \(range.lowerBound)...\(range.upperBound), got \(value)", field: name)
    }

    // MARK: running

    /// Finishes the sink, once.
    func run() async {
        let start = DispatchTime.now()
        let trace = Trace(url)
        do {
            try await withinLimit { try await self.follow(trace) }
            audit(trace, start, nil)
            sink.finish(nil)
        } catch {
            let error = Self.readable(error)
            audit(trace, start, error)
            sink.finish(error)
        }
    }

    func check() async {
        do {
            try await withinLimit { _ = try await self.access.route(to: self.url) }
            _ = sink.write(.body(Array("{}".utf8)))
            sink.finish(nil)
        } catch { sink.finish(Self.readable(error)) }
    }

    private func follow(_ trace: Trace) async throws {
        var url = url, request = request
        for hop in 0...redirectsMax {
            trace.url = url
            let route = try await access.route(to: url, isRedirected: hop > 0)
            let follows = redirectsMax > 0 && route.mayRedirect
            guard let location = try await send(request, route, followsRedirects: follows, trace) else { return }
            let next = try url.redirected(to: location)
            guard next.isSecure || !url.isSecure else {
                throw CallError.notAllowed("must not lead from https to http: a redirect does")
            }
            request = try request.redirected(trace.status, isElsewhere: NetworkOrigin(next) != NetworkOrigin(url))
            url = next
        }
        throw CallError.upstream("there are more than \(redirectsMax) redirects (redirects_max)")
    }

    /// Tries the addresses one after the other until one answers. Where a redirect leads; nil when the answer is whole.
    private func send(
        _ request: OutgoingRequest, _ route: NetworkAccess.Route, followsRedirects: Bool, _ trace: Trace
    ) async throws -> String? {
        var failure = CallError.upstream("its host has no address")
        let addresses: [IPAddress?] = route.proxy != nil ? [nil] : route.addresses.prefix(Self.addressesMax).map { $0 }
        for address in addresses {
            let transfer = Transfer(
                request, route, address: address, followsRedirects: followsRedirects, bytesMax: bytesMax, into: sink)
            let end = try await loop.run(transfer)
            (trace.status, trace.bytes) = (transfer.head.status, transfer.bytes)
            switch end {
            case .answered: return nil
            case .redirect(let location): return location
            case .failed(let error): throw error
            case .unreachable(let error): failure = error
            case .cancelled: throw CancellationError()
            }
        }
        throw failure
    }

    /// Timers of Dispatch: one of Swift's that is cancelled stays in memory until its time has come.
    private static let timers = DispatchQueue(label: "network-limits")

    private func withinLimit(_ body: @escaping @Sendable () async throws -> Void) async throws {
        let (left, error) = limit
        let isLate = Once<Void>()
        let task = Task { try await body() }
        let timer = DispatchSource.makeTimerSource(queue: Self.timers)
        timer.schedule(deadline: .now() + left)
        timer.setEventHandler {
            isLate.fire()
            task.cancel()
        }
        timer.activate()
        defer { timer.cancel() }
        do {
            try await withTaskCancellationHandler {
                try await task.value
            } onCancel: {
                task.cancel()
            }
        } catch is CancellationError where isLate.current != nil {
            throw error
        }
    }

    /// The limit that ends it first: its own seconds, or the call's deadline.
    private var limit: (seconds: Double, error: CallError) {
        let own = CallError.upstream("it took longer than \(Self.text(seconds)) s (seconds_max)")
        guard deadlineNanoseconds != 0 else { return (seconds, own) }
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        let left = Double(deadlineNanoseconds) / 1e9 - Double(now.tv_sec) - Double(now.tv_nsec) / 1e9
        guard left < seconds else { return (seconds, own) }
        return (max(0, left), CallError(.providerTimeout, "the call's deadline passed before the answer was whole"))
    }

    private static func text(_ seconds: Double) -> String { Int(exactly: seconds).map(String.init) ?? "\(seconds)" }

    private static func readable(_ error: any Error) -> CallError {
        if error is CancellationError { return CallError(.cancelled, "the request was cancelled") }
        return error as? CallError ?? CallError(.internal, "\(error)")
    }

    // MARK: the log

    /// The facts about a request so far. Used by one task at a time.
    private final class Trace: @unchecked Sendable {
        var url: NetworkURL
        var status = 0
        var bytes = 0
        init(_ url: NetworkURL) { self.url = url }
    }

    private func audit(_ trace: Trace, _ start: DispatchTime, _ error: CallError?) {
        let milliseconds = (DispatchTime.now().uptimeNanoseconds - start.uptimeNanoseconds) / 1_000_000
        var fields = [
            "method": request.method, "url": trace.url.withoutQuery, "status": "\(trace.status)",
            "bytes": "\(trace.bytes)", "milliseconds": "\(milliseconds)",
        ]
        if !requestID.isEmpty { fields["request_id"] = requestID }
        if let error { fields["error"] = error.code.code }
        log.log(.info, "network request", fields, source: access.label)
    }
}
