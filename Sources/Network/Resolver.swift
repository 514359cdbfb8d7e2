import Dispatch
import Foundation
import Synchronization

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
        let answer = Once<[IPAddress]>()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                answer.wait(continuation)
                Self.queue.async { answer.resume(.success(Self.lookUp(name))) }
            }
        } onCancel: {
            answer.resume(.failure(CancellationError()))
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

/// A continuation that the first of several resumes; the answer may come before the one who waits.
private final class Once<Value: Sendable>: Sendable {
    private enum State {
        case empty
        case waiting(CheckedContinuation<Value, any Error>)
        case early(Result<Value, any Error>)
        case done
    }

    private let state = Mutex(State.empty)

    func wait(_ continuation: CheckedContinuation<Value, any Error>) {
        let early: Result<Value, any Error>? = state.withLock { state in
            if case .early(let result) = state {
                state = .done
                return result
            }
            state = .waiting(continuation)
            return nil
        }
        if let early { continuation.resume(with: early) }
    }

    func resume(_ result: Result<Value, any Error>) {
        let waiting: CheckedContinuation<Value, any Error>? = state.withLock { state in
            switch state {
            case .empty:
                state = .early(result)
                return nil
            case .waiting(let continuation):
                state = .done
                return continuation
            case .early, .done: return nil
            }
        }
        waiting?.resume(with: result)
    }
}
