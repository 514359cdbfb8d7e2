import ChildProcess
import Foundation
import Synchronization

/// Sends and receives frames over one socket. Any thread may send; frames leave in the order of `send`.
///
/// The first frame of a burst leaves on its sender's stack; what others send meanwhile goes along with it, so that a burst
/// costs few system calls. When the socket is full a thread of its own waits, never a sender.
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
        var isSending = false
        var isClosed = false
    }

    /// Writes of one call share a frame up to this size.
    fileprivate static let sharedFrameBytes = 64 * 1024
    /// Small frames share a system call up to about this size.
    private static let segmentBytes = 256 * 1024
    private static let receiveBytes = 256 * 1024

    private let socket: FrameSocket
    private let state = Mutex(State())
    private let fullQueue = DispatchQueue(label: "llama-stack.frames", qos: .userInitiated)

    init(_ socket: FrameSocket) { self.socket = socket }

    /// Takes the frame's descriptor. Never blocks; after the end does nothing.
    func send(_ frame: Frame) {
        let isMine = state.withLock { state -> Bool in
            guard !state.isClosed else {
                if let descriptor = frame.descriptor { SealedMemory.discard(descriptor) }
                return false
            }
            if frame.descriptor != nil || state.pending.isEmpty
                || state.pending[state.pending.count - 1].bytes.count > Self.segmentBytes
            {
                state.pending.append(Segment(bytes: [], descriptor: frame.descriptor))
            }
            frame.write(to: &state.pending[state.pending.count - 1].bytes)
            state.pending[state.pending.count - 1].lastWrite = nil
            return state.begin()
        }
        if isMine { flush() }
    }

    /// A write: it joins the frame before it when that is a write of the same call and has not left.
    func sendWrite(_ call: UInt64, kind: UInt8, _ piece: ArraySlice<UInt8>) {
        let isMine = state.withLock { state -> Bool in
            guard !state.isClosed else { return false }
            if state.pending.isEmpty || state.pending[state.pending.count - 1].bytes.count > Self.segmentBytes {
                state.pending.append(Segment(bytes: []))
            }
            state.pending[state.pending.count - 1].append(piece, call: call, kind: kind)
            return state.begin()
        }
        if isMine { flush() }
    }

    /// Reads until the end on this thread. `frame` gets each whole frame. Returns at the end of the stream, and throws when
    /// a rule is broken.
    func receive(_ frame: (Frame) throws -> Void) throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.receiveBytes, alignment: 16)
        var parser = FrameParser()
        defer {
            buffer.deallocate()
            parser.closeDescriptors { SealedMemory.discard($0) }
        }
        while true {
            switch try socket.receive(into: buffer, waits: true) {
            case .end: return
            case .nothing: continue
            case .bytes(let count, let descriptor, let surplus):
                parser.add(UnsafeRawBufferPointer(rebasing: buffer[..<count]), descriptor: descriptor)
                guard surplus == 0 else { throw FrameError("sent more than one descriptor with a frame") }
                while let next = try parser.next() { try frame(next) }
            }
        }
    }

    /// Nothing more is sent, and a reader of either side sees the end.
    func close() {
        let dropped = state.withLock { state -> [Segment] in
            state.isClosed = true
            defer { state.pending = [] }
            return state.pending
        }
        for segment in dropped { if let descriptor = segment.descriptor { SealedMemory.discard(descriptor) } }
        shutdown(socket.descriptor, Int32(SHUT_RDWR))
    }

    // MARK: sending

    private func flush() {
        while let segment = next() {
            do {
                let sent = try sendNow(segment)
                if sent == segment.bytes.count { continue }
                fullQueue.async { [self] in finish(segment, from: sent) }
                return
            } catch {
                return close()
            }
        }
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
            return close()
        }
        flush()
    }

    /// How many bytes left without waiting.
    private func sendNow(_ segment: Segment) throws -> Int {
        try segment.bytes.withUnsafeBytes { bytes in
            var sent = 0
            while sent < bytes.count {
                let rest = UnsafeRawBufferPointer(rebasing: bytes[sent...])
                guard case .bytes(let count) = try socket.send(rest, descriptor: sent == 0 ? segment.descriptor : nil)
                else { break }
                if sent == 0, let descriptor = segment.descriptor { SealedMemory.discard(descriptor) }
                sent += count
            }
            return sent
        }
    }

    /// The next segment to send; nil ends the sender's turn.
    private func next() -> Segment? {
        state.withLock { state in
            guard !state.pending.isEmpty else {
                state.isSending = false
                return nil
            }
            return state.pending.removeFirst()
        }
    }
}

extension FrameLink.State {
    /// True for the one that sends.
    fileprivate mutating func begin() -> Bool {
        defer { isSending = true }
        return !isSending
    }
}

extension FrameLink.Segment {
    fileprivate mutating func append(_ piece: ArraySlice<UInt8>, call: UInt64, kind: UInt8) {
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
    }
}
