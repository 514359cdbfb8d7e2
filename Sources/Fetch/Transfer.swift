import AsyncHTTPClient
import Dispatch
import Foundation
import NIOCore
import NIOHTTP1
import NIOSSL

/// One GET of one URL over a connection of its own to an address that was checked. No cookies, no credentials, no
/// proxies, no compression, HTTP/1.1 alone.
struct Transfer: Sendable {
    enum Answer: Sendable {
        case content(FetchGate.Content)
        case redirect(String)
    }

    private static let connectSeconds: Int64 = 5
    private static let addressesMax = 4

    private let group: any EventLoopGroup
    private let caFile: String?
    private let bytesMax: Int
    /// Where those who receive may block.
    private let queue = DispatchQueue(label: "fetch-receive", attributes: .concurrent)

    init(_ group: any EventLoopGroup, caFile: String?, bytesMax: Int) {
        (self.group, self.caFile, self.bytesMax) = (group, caFile, bytesMax)
    }

    /// Tries the addresses one after the other until one answers.
    func get(
        _ url: FetchURL, from addresses: [IPAddress],
        _ receive: @escaping @Sendable (UnsafeRawBufferPointer) throws -> Void
    ) async throws -> Answer {
        // The client reads the URL once more: it must come to the same host, or it would resolve another one.
        guard URL(string: url.text)?.host == Self.foundationHost(url) else {
            throw FetchError.notAllowed("must be a plainer URL: its host can be read in two ways")
        }
        var failure: any Error = FetchError.upstream("can't be fetched: its host has no address")
        for address in addresses.prefix(Self.addressesMax) {
            let client = HTTPClient(eventLoopGroupProvider: .shared(group), configuration: configuration(url, address))
            let response = await Result { try await client.execute(request(url), deadline: .distantFuture) }
            // Once it has answered, its answer is the answer.
            let answer = await Result { try await read(try response.get(), url, receive) }.mapError(Self.readable)
            try? await client.shutdown()
            try Task.checkCancellation()
            if case .failure = response {
                if case .failure(let error) = answer { failure = error }
                continue
            }
            return try answer.get()
        }
        throw failure
    }

    private static func foundationHost(_ url: FetchURL) -> String {
        switch url.host {
        case .name(let name): name
        case .address(let address): "\(address)"
        }
    }

    private func request(_ url: FetchURL) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: url.text)
        request.headers = ["User-Agent": "llama-stack", "Accept": "*/*", "Accept-Encoding": "identity"]
        return request
    }

    private func configuration(_ url: FetchURL, _ address: IPAddress) -> HTTPClient.Configuration {
        var tls = TLSConfiguration.makeClientConfiguration()
        if let caFile { tls.additionalTrustRoots = [.file(caFile)] }
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: tls, redirectConfiguration: .disallow,
            timeout: .init(connect: .seconds(Self.connectSeconds)))
        configuration.proxy = nil
        configuration.decompression = .disabled
        configuration.httpVersion = .http1Only
        configuration.connectionPool.retryConnectionEstablishment = false
        // Connects there; `Host`, SNI and the certificate's name stay those of the URL.
        configuration.dnsOverride = [url.hostText: "\(address)"]
        return configuration
    }

    // MARK: The answer

    private func read(
        _ response: HTTPClientResponse, _ url: FetchURL,
        _ receive: @escaping @Sendable (UnsafeRawBufferPointer) throws -> Void
    ) async throws -> Answer {
        let status = Int(response.status.code)
        if [301, 302, 303, 307, 308].contains(status) {
            let locations = response.headers["Location"]
            guard locations.count == 1 else {
                throw FetchError.upstream("can't be fetched: its host answered \(status) without one place to go to")
            }
            return .redirect(locations[0])
        }
        guard status == 200 else { throw FetchError.upstream("can't be fetched: its host answered \(status)") }
        guard response.headers["Content-Encoding"].allSatisfy({ $0.lowercased() == "identity" }) else {
            throw FetchError.upstream("can't be fetched: its host compresses it, though it was not asked to")
        }
        if let length = response.headers.first(name: "Content-Length").flatMap({ Int($0) }), length > bytesMax {
            throw tooLong
        }
        var bytes = 0
        for try await piece in response.body {
            bytes += piece.readableBytes
            guard bytes <= bytesMax else { throw tooLong }
            try await queue.run { try piece.withUnsafeReadableBytes(receive) }
        }
        // A cancelled body ends like a whole one.
        try Task.checkCancellation()
        let type = response.headers.first(name: "Content-Type") ?? ""
        return .content(FetchGate.Content(bytes: bytes, contentType: type, url: url))
    }

    private var tooLong: FetchError { .upstream("can't be fetched: it is longer than \(bytesMax) bytes") }

    // MARK: Errors

    /// What went wrong on the way, short enough for a client. What `receive` throws stays as it is.
    private static func readable(_ error: any Error) -> any Error {
        let reason: String
        switch error {
        case let error as IOError: reason = "no connection (\(String(cString: strerror(error.errnoCode))))"
        case let error as HTTPClientError where error == .connectTimeout: reason = "no connection in time"
        case let error as HTTPClientError where error == .remoteConnectionClosed: reason = "its host hung up"
        case is HTTPClientError, is HTTPParserError: reason = "its host's answer is no whole HTTP answer (\(error))"
        case is NIOSSLError, is BoringSSLError, is NIOSSLExtraError:
            reason = "no TLS connection: its certificate is not trusted, or not its host's"
        default: return error
        }
        return FetchError.upstream("can't be fetched: " + reason)
    }
}

extension Result where Failure == any Error {
    fileprivate init(_ body: () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }
}

extension DispatchQueue {
    fileprivate func run(_ body: @escaping @Sendable () throws -> Void) async throws {
        try await withCheckedThrowingContinuation { continuation in
            async { continuation.resume(with: Result { try body() }) }
        }
    }
}
