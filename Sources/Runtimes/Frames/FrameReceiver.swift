import ChildProcess
import Foundation

/// The frames that come over one socket, in order.
///
/// One thread at a time; another may go on with it where the first cannot touch it any more.
final class FrameReceiver: @unchecked Sendable {
    private static let receiveBytes = 256 * 1024

    private let socket: FrameSocket
    private let atEnd: @Sendable () throws -> Void
    // Unchecked because of these two: its thread's alone.
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: receiveBytes, alignment: 16)
    private var parser = FrameParser()

    /// - Parameter atEnd: throws when the end has a reason.
    init(_ socket: FrameSocket, atEnd: @escaping @Sendable () throws -> Void) {
        self.socket = socket
        self.atEnd = atEnd
    }

    deinit {
        buffer.deallocate()
        parser.closeDescriptors { SealedMemory.discard($0) }
    }

    /// Waits for the next whole frame; nil at the end of the stream. Throws when a rule is broken: then nothing more
    /// can be read.
    func next() throws -> Frame? {
        while true {
            if let frame = try parser.next() { return frame }
            switch try socket.receive(into: buffer, waits: true) {
            case .end:
                try atEnd()
                return nil
            case .nothing: continue
            case .bytes(let count, let descriptor, let surplus):
                parser.add(UnsafeRawBufferPointer(rebasing: buffer[..<count]), descriptor: descriptor)
                guard surplus == 0 else { throw FrameError("sent more than one descriptor with a frame") }
            }
        }
    }
}
