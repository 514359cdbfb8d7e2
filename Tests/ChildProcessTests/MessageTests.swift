import CChildProcess
import Foundation
import Testing

@testable import ChildProcess

@Suite struct SealedMemoryTests {
    private let bytes = [UInt8]((0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 7) })

    private func refusal(_ file: Int32, size: Int) -> SealedMemory.Refusal? {
        var before = stat(), after = stat()
        fstat(file, &before)
        do throws(SealedMemory.Refusal) {
            _ = try SealedMemory.open(file, expectedSize: size)
            return nil
        } catch {
            // Closed in any case; another test may have opened a file under the same number meanwhile.
            #expect(fstat(file, &after) == -1 || (before.st_dev, before.st_ino) != (after.st_dev, after.st_ino))
            return error
        }
    }

    /// A memory file with these bytes and these seals.
    private func file(_ count: Int, seals: Int32) -> Int32 {
        let file = ccp_memory_file("test")
        #expect(bytes.withUnsafeBytes { write(file, $0.baseAddress, count) } == count)
        if seals != 0 { #expect(fcntl(file, 1033, seals) == 0) }
        return file
    }

    @Test func `bytes that were sealed are read as they are, and can't be changed`() throws {
        let file = try bytes.withUnsafeBytes { try SealedMemory.make($0) }
        #expect(write(file, [1], 1) == -1 && errno == EPERM)
        #expect(ftruncate(file, 1) == -1 && errno == EPERM)
        #expect(ftruncate(file, 400_000) == -1 && errno == EPERM)
        let memory = try SealedMemory.open(file, expectedSize: bytes.count)
        #expect(memory.withBytes { $0.elementsEqual(bytes) })
    }

    @Test func `a descriptor that is no memory file is refused`() throws {
        var ends: [Int32] = [-1, -1]
        #expect(ccp_pipe(&ends) == 0)
        defer { close(ends[1]) }
        #expect(refusal(ends[0], size: 8) == .notMemory)
        for path in ["/dev/zero", "/etc/passwd", "/etc", "/proc/self/status"] {
            #expect(refusal(open(path, O_RDONLY), size: 8) == .notMemory, "\(path)")
        }
        let (one, other) = try FrameSocket.pair()
        #expect(refusal(dup(one.descriptor), size: 8) == .notMemory)
        withExtendedLifetime((one, other)) {}
        #expect(refusal(-1, size: 8) == .notMemory)
    }

    @Test func `a file of shared memory that has a name is refused`() throws {
        let path = "/dev/shm/llama-stack-test-\(getpid())"
        let file = open(path, O_RDWR | O_CREAT | O_EXCL, 0o600)
        try #require(file >= 0)
        unlink(path)
        #expect(write(file, bytes, 8) == 8)
        let answer = refusal(file, size: 8)
        #expect(answer == .notSealed || answer == .notMemory)
    }

    @Test func `a memory file without any one of the seals is refused`() {
        // F_SEAL_SEAL, SHRINK, GROW, WRITE are the bits 1, 2, 4, 8; 16 forbids only new writers.
        for missing in [1, 2, 4, 8, 15] as [Int32] {
            #expect(refusal(file(100_000, seals: 15 & ~missing), size: 100_000) == .notSealed, "without \(missing)")
        }
        #expect(refusal(file(100_000, seals: 16 | 7), size: 100_000) == .notSealed)
    }

    @Test func `a memory file of another size is refused`() {
        for size in [99_999, 100_001, 0, -1, .max] {
            #expect(refusal(file(100_000, seals: 15), size: size) == .otherSize, "\(size)")
        }
        #expect(refusal(file(0, seals: 15), size: 0) == .otherSize)
    }

    @Test func `a memory file with pages that were never written is refused`() {
        let file = ccp_memory_file("test")
        #expect(ftruncate(file, 1 << 30) == 0)
        #expect(ccp_seal(file) == 0)
        #expect(refusal(file, size: 1 << 30) == .sparse)
    }
}

@Suite struct FrameSocketTests {
    private func receive(_ socket: FrameSocket, _ count: Int = 4096, waits: Bool = false) throws -> (
        FrameSocket.Received, [UInt8]
    ) {
        var buffer = [UInt8](repeating: 0, count: count)
        let answer = try buffer.withUnsafeMutableBytes { try socket.receive(into: $0, waits: waits) }
        if case .bytes(let count, _, _) = answer { return (answer, Array(buffer[..<count])) }
        return (answer, [])
    }

    private func send(_ socket: FrameSocket, _ bytes: [UInt8], descriptor: Int32? = nil) throws -> FrameSocket.Sent {
        try bytes.withUnsafeBytes { try socket.send($0, descriptor: descriptor) }
    }

    @Test func `bytes arrive as they were sent, and nothing is told from the end`() throws {
        let (one, other) = try FrameSocket.pair()
        #expect(try receive(other).0 == .nothing)
        #expect(try send(one, [1, 2, 3]) == .bytes(3))
        #expect(try receive(other, 2).1 == [1, 2])
        #expect(try receive(other, 2).1 == [3])
        #expect(shutdown(one.descriptor, Int32(SHUT_WR)) == 0)
        #expect(try receive(other).0 == .end)
    }

    @Test func `a descriptor arrives with its bytes, close-on-exec`() throws {
        let (one, other) = try FrameSocket.pair()
        let file = try [UInt8]("memory".utf8).withUnsafeBytes { try SealedMemory.make($0) }
        #expect(try send(one, [7], descriptor: file) == .bytes(1))
        close(file)
        let (answer, bytes) = try receive(other)
        guard case .bytes(1, let descriptor?, 0) = answer else {
            Issue.record("received \(answer)")
            return
        }
        #expect(bytes == [7])
        #expect(fcntl(descriptor, F_GETFD) == FD_CLOEXEC)
        let memory = try SealedMemory.open(descriptor, expectedSize: 6)
        #expect(memory.withBytes { $0.elementsEqual("memory".utf8) })
    }

    @Test func `descriptors of several sends arrive one a receive, in their order`() throws {
        let (one, other) = try FrameSocket.pair()
        for size in 1...3 {
            let file = try [UInt8](repeating: 9, count: size).withUnsafeBytes { try SealedMemory.make($0) }
            #expect(try send(one, [UInt8(size)], descriptor: file) == .bytes(1))
            close(file)
        }
        var (bytes, sizes): ([UInt8], [Int]) = ([], [])
        while bytes.count < 3 {
            let (answer, more) = try receive(other)
            bytes += more
            guard case .bytes(_, let descriptor?, 0) = answer else { continue }
            var facts = stat()
            #expect(fstat(descriptor, &facts) == 0)
            sizes.append(Int(facts.st_size))
            close(descriptor)
        }
        #expect(bytes == [1, 2, 3])
        #expect(sizes == [1, 2, 3])
    }

    @Test(arguments: [2, 3, 253])
    func `surplus descriptors are closed and counted`(count: Int) throws {
        let (one, other) = try FrameSocket.pair()
        #expect(sendMany(one.descriptor, count))
        let (answer, bytes) = try receive(other)
        guard case .bytes(1, let descriptor?, let surplus) = answer else {
            Issue.record("received \(answer)")
            return
        }
        close(descriptor)
        #expect(bytes == [5])
        #expect(surplus == count - 1)
        let names = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
        let targets = names.map { try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/" + $0) }
        let left = targets.count { $0?.contains("surplus-\(count)") == true }
        #expect(left == 0)
    }

    /// One byte with many copies of one memory file, which is closed here.
    private func sendMany(_ socket: Int32, _ count: Int) -> Bool {
        let file = ccp_memory_file("surplus-\(count)")
        defer { close(file) }
        // A header (length, level, type) and the numbers, as the kernel lays them out on a 64-bit machine.
        var control = [UInt8](repeating: 0, count: 16 + (count * 4 + 7) / 8 * 8)
        var byte: UInt8 = 5
        return control.withUnsafeMutableBytes { control in
            control.storeBytes(of: 16 + count * 4, as: Int.self)
            control.storeBytes(of: SOL_SOCKET, toByteOffset: 8, as: Int32.self)
            control.storeBytes(of: 1, toByteOffset: 12, as: Int32.self)
            for index in 0..<count { control.storeBytes(of: file, toByteOffset: 16 + index * 4, as: Int32.self) }
            return withUnsafeMutablePointer(to: &byte) { byte in
                var part = iovec(iov_base: byte, iov_len: 1)
                return withUnsafeMutablePointer(to: &part) { part in
                    var message = msghdr()
                    (message.msg_iov, message.msg_iovlen) = (part, 1)
                    (message.msg_control, message.msg_controllen) = (control.baseAddress, control.count)
                    return sendmsg(socket, &message, 0) == 1
                }
            }
        }
    }

    @Test func `a full socket says so, and takes the rest later`() throws {
        let (one, other) = try FrameSocket.pair()
        let block = [UInt8](repeating: 3, count: 100_000)
        var sent = 0
        while case .bytes(let count) = try send(one, block) { sent += count }
        #expect(sent > 0)
        var received = 0
        while case .bytes(let count, nil, 0) = try receive(other, 1 << 20).0 { received += count }
        #expect(received == sent)
        #expect(try send(one, [1]) == .bytes(1))
    }

    @Test func `all of a large message is sent while it is read, its descriptor once`() async throws {
        let (one, other) = try FrameSocket.pair()
        let bytes = [UInt8]((0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 >> 3) })
        let file = ccp_memory_file("test")
        Thread {
            try? bytes.withUnsafeBytes { try one.sendAll($0, descriptor: file) }
            close(file)
        }.start()
        var (received, descriptors): ([UInt8], Int) = ([], 0)
        while received.count < bytes.count,
            case (.bytes(_, let descriptor, 0), let more) = try receive(other, 65_536, waits: true)
        {
            received += more
            if let descriptor {
                descriptors += 1
                close(descriptor)
            }
        }
        #expect(received == bytes)
        #expect(descriptors == 1)
    }

    @Test func `the other end's close is the end, and a send to it an error without a signal`() throws {
        let (one, other) = try FrameSocket.pair()
        #expect(shutdown(other.descriptor, Int32(SHUT_RDWR)) == 0)
        #expect(throws: SystemFailure("sendmsg", EPIPE)) { try send(one, [1]) }
        #expect(try receive(one).0 == .end)
    }
}
