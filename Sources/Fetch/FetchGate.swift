import Dispatch
import Foundation
import NIOCore
import NIOPosix

/// The one way from a provider to the network. Everything that a request names by URL goes through it, or is not
/// fetched.
///
/// A URL is read by one strict parser. Its host must be on the operator's list, its name is resolved here, every one of
/// its addresses is checked, and the connection goes to an address that was checked: a name server that gives another
/// answer a moment later changes nothing. The same holds for each redirect.
package final class FetchGate: Sendable {
    package struct Limits: Sendable {
        package var bytesMax: Int
        package var secondsMax: Int

        /// What a document may take.
        package static let document = Limits(bytesMax: 10 << 20, secondsMax: 10)
        package static let dataset = Limits(bytesMax: 4 << 30, secondsMax: 300)
    }

    package struct Content: Sendable {
        package var bytes: Int
        /// As its host states it; empty when it does not.
        package var contentType: String
        /// The content's own, after redirects.
        package var url: FetchURL

        /// The type without parameters, in lower case.
        package var mediaType: String {
            contentType.prefix { $0 != ";" }.trimmingCharacters(in: .whitespaces).lowercased()
        }
    }

    private static let redirectsMax = 3

    package let limits: Limits
    private let hosts: [HostPattern]
    private let httpHosts: [HostPattern]
    private let ports: Set<Int>
    private let rules: AddressRules
    private let resolver: any Resolver
    private let group: MultiThreadedEventLoopGroup
    private let transfer: Transfer

    /// nil when fetching is off.
    ///
    /// - Parameter caFile: `ca_file`, as an absolute path.
    /// - Parameter limits: where the configuration has none.
    package init?(
        _ configuration: FetchConfiguration, caFile: String?, limits: Limits, resolver: any Resolver = SystemResolver()
    ) {
        guard configuration.isEnabled else { return nil }
        // Not before: its thread ends by close alone.
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        self.limits = Limits(
            bytesMax: configuration.bytesMax > 0 ? configuration.bytesMax : limits.bytesMax,
            secondsMax: configuration.secondsMax > 0 ? configuration.secondsMax : limits.secondsMax)
        hosts = configuration.hosts.compactMap(HostPattern.init)
        httpHosts = configuration.httpHosts.compactMap(HostPattern.init)
        ports = Set(configuration.ports)
        rules = AddressRules(allowPrivate: configuration.allowPrivate.compactMap { AddressBlock($0) })
        self.resolver = resolver
        transfer = Transfer(group, caFile: caFile, bytesMax: self.limits.bytesMax)
    }

    /// Ends its thread. No fetch may run any more.
    package func close() async { try? await group.shutdownGracefully() }

    /// Whether it may be fetched, as far as can be said without connecting. Throws a ``FetchError``.
    package func check(_ text: String) async throws {
        let url = try FetchURL(text)
        try await withinLimit { _ = try await self.addresses(of: url) }
    }

    /// Fetches a URL and hands over its bytes, piece by piece, as they come: one call at a time, on a thread where
    /// `receive` may block. Throws a ``FetchError``, or what `receive` throws.
    package func fetch(
        _ text: String, _ receive: @escaping @Sendable (UnsafeRawBufferPointer) throws -> Void
    ) async throws -> Content {
        let url = try FetchURL(text)
        return try await withinLimit { try await self.follow(url, receive) }
    }

    private func follow(
        _ first: FetchURL, _ receive: @escaping @Sendable (UnsafeRawBufferPointer) throws -> Void
    ) async throws -> Content {
        var url = first
        for _ in 0...Self.redirectsMax {
            switch try await transfer.get(url, from: try await addresses(of: url), receive) {
            case .content(let content): return content
            case .redirect(let location):
                let next = try url.redirected(to: location)
                guard next.isSecure || !url.isSecure else {
                    throw FetchError.notAllowed("must not lead from https to http: a redirect does")
                }
                url = next
            }
        }
        throw FetchError.upstream("can't be fetched: there are more than \(Self.redirectsMax) redirects")
    }

    /// Those to connect to, all of them checked.
    private func addresses(of url: FetchURL) async throws -> [IPAddress] {
        guard hosts.contains(where: { $0.matches(url.host) }) else {
            throw FetchError.notAllowed("must name a host that this server may fetch from: see fetch.hosts")
        }
        guard url.isSecure || httpHosts.contains(where: { $0.matches(url.host) }) else {
            throw FetchError.notAllowed("must begin with https://: see fetch.http_hosts")
        }
        guard ports.contains(url.port) else {
            throw FetchError.notAllowed("must use a port that this server may fetch from: see fetch.ports")
        }
        let addresses: [IPAddress]
        switch url.host {
        case .address(let address): addresses = [address]
        case .name(let name): addresses = try await resolver.addresses(of: name)
        }
        guard !addresses.isEmpty else { throw FetchError.upstream("can't be fetched: its host's name is not known") }
        // One bad address among good ones is an attempt.
        guard addresses.allSatisfy(rules.allows) else {
            throw FetchError.notAllowed("must name a host with a public address: see fetch.allow_private")
        }
        return addresses
    }

    private func withinLimit<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws
        -> Value
    {
        let seconds = limits.secondsMax
        return try await withThrowingTaskGroup(of: Value.self) { group in
            group.addTask(operation: body)
            group.addTask {
                try await Task.sleep(for: .seconds(seconds))
                throw FetchError.upstream("can't be fetched within \(seconds) s")
            }
            defer { group.cancelAll() }
            guard let value = try await group.next() else { preconditionFailure("two tasks were added") }
            return value
        }
    }
}
