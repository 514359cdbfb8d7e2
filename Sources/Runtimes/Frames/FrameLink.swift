import CProviderABI
import ChildProcess
import Foundation
import Synchronization

/// Sends and receives frames over one socket. Any thread may send; frames leave in the order of `send`.
///
/// The first frame of a burst leaves on its sender's stack; what others send meanwhile goes along with it, so that a
/// burst costs few system calls. When the socket is full a thread of its own waits, never a sender.
final class FrameLink: Sendable {
    fileprivate struct Segment: Sendable {
        var bytes: [UInt8]
        /// Goes with the first byte, and is closed once that was sent.
        var descriptor: Int32?
        /// The last frame in `bytes` is a write of this call and kind, and begins here: another may join it.
        var lastWrite: (call: UInt64, kind: UInt8, start: Int)?
    }

    fileprivate struct State {
        var pending: [Segment] = []
        /// The size of `pending`.
        var bytes = 0
        var isSending = false
        var isClosed = false
        /// The other side left more unread than it may.
        var isOverfull = false
        /// Pieces of bodies wait for what comes after them.
        var holdsBodies = false
    }

    /// Writes of one call share a frame up to this size.
    fileprivate static let sharedFrameBytes = 64 * 1024
    /// Small frames share a system call up to about this size.
    private static let segmentBytes = 256 * 1024
    /// With more than this waiting, pieces of bodies wait no longer.
    private static let heldBytesMax = 64 * 1024
    /// With more than this waiting, frames that may be lost are.
    private static let losableBytesMax = 1024 * 1024

    private let pendingBytesMax: Int
    let socket: FrameSocket
    private let state = Mutex(State())
    private let fullQueue = DispatchQueue(label: "llama-stack.frames", qos: .userInitiated)

    /// - Parameter pendingBytesMax: the connection ends when the other side leaves more than this unread.
    init(_ socket: FrameSocket, pendingBytesMax: Int = .max) {
        self.socket = socket
        self.pendingBytesMax = pendingBytesMax
    }

    /// Takes the frame's descriptor. Never blocks; after the end does nothing.
    func send(_ frame: Frame) {
        if add(frame) { flush() }
    }

    /// A frame that may be lost: false when it is, because the other side does not keep up.
    func sendIfRoom(_ frame: Frame) -> Bool {
        guard state.withLock({ $0.bytes <= Self.losableBytesMax }) else { return false }
        send(frame)
        return true
    }

    /// The first half of ``send(_:)``, for a caller who holds a lock that decides the order: true when ``flush()`` is
    /// to follow.
    func add(_ frame: Frame) -> Bool {
        state.withLock { state -> Bool in
            guard !state.isClosed else {
                if let descriptor = frame.descriptor { SealedMemory.discard(descriptor) }
                return false
            }
            state.bytes += Frame.headerBytes + frame.payload.count
            if frame.descriptor != nil || state.pending.isEmpty
                || state.pending[state.pending.count - 1].bytes.count > Self.segmentBytes
            {
                state.pending.append(Segment(bytes: [], descriptor: frame.descriptor))
            }
            frame.write(to: &state.pending[state.pending.count - 1].bytes)
            state.pending[state.pending.count - 1].lastWrite = nil
            return state.begin(pendingBytesMax)
        }
    }

    /// A write: it joins the frame before it when that is a write of the same call and has not left. True when
    /// ``flush()`` is to follow.
    func addWrite(_ call: UInt64, kind: UInt8, _ piece: ArraySlice<UInt8>) -> Bool {
        state.withLock { state -> Bool in
            guard !state.isClosed else { return false }
            if state.pending.isEmpty || state.pending[state.pending.count - 1].bytes.count > Self.segmentBytes {
                state.pending.append(Segment(bytes: []))
            }
            state.bytes += state.pending[state.pending.count - 1].append(piece, call: call, kind: kind)
            let mayWait = state.holdsBodies && state.bytes <= Self.heldBytesMax && !state.isSending
            if mayWait, kind & ~WritePayload.isPartial == UInt8(LSP_BODY) { return false }
            return state.begin(pendingBytesMax)
        }
    }

    /// Pieces of bodies, which are of no use before their answer's end, wait for it from now on, or for any other
    /// frame: answer and end are one system call, and one wake of the reader.
    func holdBodies() { state.withLock { $0.holdsBodies = true } }

    /// Sends what has waited.
    func releaseBodies() {
        let mustFlush = state.withLock { state -> Bool in
            state.holdsBodies = false
            return !state.pending.isEmpty && state.begin(pendingBytesMax)
        }
        if mustFlush { flush() }
    }

    /// Reads until the end on this thread. `frame` gets each whole frame. Returns at the end of the stream, and throws
    /// when a rule is broken.
    func receive(_ frame: (Frame) throws -> Void) throws {
        let frames = incoming
        while let next = try frames.next() { try frame(next) }
    }

    /// The frames that come over the socket. To be taken once.
    var incoming: FrameReceiver {
        FrameReceiver(socket) { [self] in
            guard !state.withLock({ $0.isOverfull }) else { throw FrameError("left \(pendingBytesMax) bytes unread") }
        }
    }

    /// Nothing more is sent, and a reader of either side sees the end.
    func close() {
        let dropped = state.withLock { state -> [Segment] in
            state.isClosed = true
            defer { (state.pending, state.bytes) = ([], 0) }
            return state.pending
        }
        for segment in dropped { if let descriptor = segment.descriptor { SealedMemory.discard(descriptor) } }
        shutdown(socket.descriptor, Int32(SHUT_RDWR))
    }

    // MARK: sending

    /// Sends what was added, as far as the socket takes it now.
    func flush() {
        if state.withLock({ $0.isOverfull }) { return close() }
        while let segment = next() {
            var sent = 0
            do { try sendNow(segment, &sent) } catch { return fail(segment, sent) }
            if sent == segment.bytes.count { continue }
            fullQueue.async { [self, sent] in finish(segment, from: sent) }
            // While one thread waits for the socket, the others only add.
            return
        }
    }

    /// The other side is gone.
    private func fail(_ segment: Segment, _ sent: Int) {
        if sent == 0, let descriptor = segment.descriptor { SealedMemory.discard(descriptor) }
        close()
    }

    /// On a thread that may wait.
    private func finish(_ segment: Segment, from sent: Int) {
        do {
            try segment.bytes.withUnsafeBytes { bytes in
                try socket.sendAll(
                    UnsafeRawBufferPointer(rebasing: bytes[sent...]), descriptor: sent == 0 ? segment.descriptor : nil)
            }
            if sent == 0, let descriptor = segment.descriptor { SealedMemory.discard(descriptor) }
        } catch {
            return fail(segment, sent)
        }
        flush()
    }

    /// - Parameter sent: how many bytes left without waiting, also when it throws.
    private func sendNow(_ segment: Segment, _ sent: inout Int) throws {
        try segment.bytes.withUnsafeBytes { bytes in
            while sent < bytes.count {
                let rest = UnsafeRawBufferPointer(rebasing: bytes[sent...])
                guard case .bytes(let count) = try socket.send(rest, descriptor: sent == 0 ? segment.descriptor : nil)
                else { break }
                if sent == 0, let descriptor = segment.descriptor { SealedMemory.discard(descriptor) }
                sent += count
            }
        }
    }

    /// The next segment to send; nil ends the sender's turn.
    private func next() -> Segment? {
        state.withLock { state in
            guard !state.pending.isEmpty else {
                state.isSending = false
                return nil
            }
            let segment = state.pending.removeFirst()
            state.bytes -= segment.bytes.count
            return segment
        }
    }
}

extension FrameLink.State {
    /// True for the one that sends, or that ends the connection because too much is waiting.
    fileprivate mutating func begin(_ bytesMax: Int) -> Bool {
        if bytes > bytesMax { isOverfull = true }
        defer { isSending = true }
        return !isSending || isOverfull
    }
}

extension FrameLink.Segment {
    /// How many bytes longer it is.
    fileprivate mutating func append(_ piece: ArraySlice<UInt8>, call: UInt64, kind: UInt8) -> Int {
        let before = bytes.count
        let added = 4 + piece.count
        if let last = lastWrite, last.call == call, last.kind == kind,
            bytes.count - last.start + added <= FrameLink.sharedFrameBytes
        {
            let size = UInt32(bytes.count - last.start - Frame.headerBytes + added)
            withUnsafeBytes(of: size.littleEndian) { size in
                for index in 0..<4 { bytes[last.start + index] = size[index] }
            }
        } else {
            lastWrite = (call, kind, bytes.count)
            Frame.writeHeader(.write, call, payloadBytes: 1 + added, to: &bytes)
            bytes.append(kind)
        }
        bytes.append(littleEndian: UInt32(piece.count))
        bytes.append(contentsOf: piece)
        return bytes.count - before
    }
}
