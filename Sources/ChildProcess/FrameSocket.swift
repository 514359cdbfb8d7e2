import CChildProcess
import Foundation

/// One end of a stream between two processes that carries bytes, and descriptors beside them. It does not know frames.
///
/// A descriptor belongs to the first byte of the `send` that carried it, but a `receive` may answer with earlier bytes,
/// too: the receiver keeps descriptors in order of arrival, and a frame that announces one takes the oldest. It has
/// arrived no later than the frame's first byte.
package final class FrameSocket: Sendable {
    package let descriptor: Int32

    /// Takes the descriptor: it is closed with this object.
    package init(taking descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Two connected ends, close-on-exec: the second is for the child.
    package static func pair() throws(SystemFailure) -> (FrameSocket, FrameSocket) {
        var ends: [Int32] = [-1, -1]
        let answer = ccp_socket_pair(&ends)
        guard answer == 0 else { throw SystemFailure("socketpair", answer) }
        return (FrameSocket(taking: ends[0]), FrameSocket(taking: ends[1]))
    }

    package enum Sent: Sendable, Equatable {
        /// At least one byte. What is left is sent without the descriptor.
        case bytes(Int)
        /// Nothing now: poll for POLLOUT.
        case full
    }

    /// Sends what there is room for, with `descriptor` on the first byte; `bytes` are not none. Never waits.
    package func send(_ bytes: UnsafeRawBufferPointer, descriptor passed: Int32? = nil) throws(SystemFailure) -> Sent {
        let count = ccp_send(descriptor, bytes.baseAddress, bytes.count, passed ?? -1, 0)
        if count >= 0 { return .bytes(count) }
        if count == -Int(EAGAIN) { return .full }
        throw SystemFailure("sendmsg", Int32(-count))
    }

    /// Sends all of `bytes`, and waits for room as long as it takes: for a thread of one's own. One sender at a time.
    package func sendAll(_ bytes: UnsafeRawBufferPointer, descriptor passed: Int32? = nil) throws(SystemFailure) {
        var (rest, passed) = (bytes, passed)
        while !rest.isEmpty {
            let count = ccp_send(descriptor, rest.baseAddress, rest.count, passed ?? -1, 1)
            if count == -Int(EAGAIN) {
                var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&wait, 1, -1)
                continue
            }
            guard count >= 0 else { throw SystemFailure("sendmsg", Int32(-count)) }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            passed = nil
        }
    }

    package enum Received: Sendable, Equatable {
        /// `descriptor` is the receiver's to close. `surplus` of them were sent against the rules, and are closed
        /// already.
        case bytes(Int, descriptor: Int32?, surplus: Int)
        /// Nothing now: poll for POLLIN.
        case nothing
        /// The other end is closed, or its process is gone.
        case end
    }

    /// Receives into `buffer`, which is not empty. With `waits` it returns when there is something.
    package func receive(into buffer: UnsafeMutableRawBufferPointer, waits: Bool) throws(SystemFailure) -> Received {
        var (passed, surplus): (Int32, Int32) = (-1, 0)
        let count = ccp_receive(descriptor, buffer.baseAddress, buffer.count, &passed, &surplus, waits ? 1 : 0)
        if count > 0 { return .bytes(count, descriptor: passed >= 0 ? passed : nil, surplus: Int(surplus)) }
        if passed >= 0 { close(passed) }
        if count == -Int(EAGAIN) { return .nothing }
        // A child that ended with bytes unread resets the connection.
        if count == 0 || count == -Int(ECONNRESET) { return .end }
        throw SystemFailure("recvmsg", Int32(-count))
    }
}
