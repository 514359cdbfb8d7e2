import ContractBridge
import Dispatch
import Foundation

/// Finds the addresses of a host's name.
package protocol Resolver: Sendable {
    /// All of them, in the order in which they should be tried; none when there is no such name.
    func addresses(of name: String) async throws -> [IPAddress]
}

/// The system's: `/etc/hosts`, DNS.
package struct SystemResolver: Resolver {
    /// Looking up blocks, for as long as the name servers are silent: not on Swift's shared threads.
    private static let queue = DispatchQueue(label: "network-names", attributes: .concurrent)

    package init() {}

    /// Returns at once when the task is cancelled, though the look-up goes on.
    package func addresses(of name: String) async throws -> [IPAddress] {
        let answer = Once<Result<[IPAddress], any Error>>()
        Self.queue.async { answer.set(.success(Self.lookUp(name))) }
        return try await withTaskCancellationHandler {
            try await answer.value().get()
        } onCancel: {
            answer.set(.failure(CancellationError()))
        }
    }

    private static func lookUp(_ name: String) -> [IPAddress] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(name, nil, &hints, &list) == 0 else { return [] }
        defer { freeaddrinfo(list) }
        var addresses: [IPAddress] = []
        var next = list
        while let entry = next {
            if let address = entry.pointee.ai_addr.flatMap({ IPAddress($0) }), !addresses.contains(address) {
                addresses.append(address)
            }
            next = entry.pointee.ai_next
        }
        return addresses
    }
}
