import CChildProcess
import ChildProcess
import ContractBridge
import Foundation
import LlamaStackAPI
import Synchronization
import Testing
import Torture

@testable import Runtimes

/// Frames that are cut, changed and made up never trap, never hang, and leave no descriptor.
struct FrameFuzzTests {
    private static let rounds = 5_000

    @Test(
        "damaged frames end the connection or are ignored by rule, and no descriptor is left",
        arguments: [1, 2] as [UInt64])
    func damagedFrames(seed: UInt64) throws {
        print("seed \(seed)")
        var random = Torture.SplitMix(seed: seed)
        let files = try FuzzFiles()
        var endings: [String: Int] = [:]
        for _ in 0..<Self.rounds / 2 {
            let damaged = FrameStream.damaged(&random, files)
            endings[try receive(damaged), default: 0] += 1
        }
        // Each of the two ways was met, and often: else nothing was tested.
        #expect(endings["end", default: 0] > 100, "\(endings)")
        #expect(endings.count > 10, "\(endings)")
        #expect(files.openCount == files.count)
    }

    /// How a connection ended that got these bytes: "end", or the rule that was broken.
    private func receive(_ stream: FrameStream) throws -> String {
        let (ours, theirs) = try FrameSocket.pair()
        let peer = CallPeer(FrameLink(ours, pendingBytesMax: 1 << 20))
        let answers = (0..<3).map { _ in PartStream() }
        for answer in answers { peer.call(CallRequest(method: "m"), into: answer) }
        let held = Mutex<[any AnswerSink]>([])
        try stream.send(theirs)
        shutdown(theirs.descriptor, Int32(SHUT_WR))
        defer {
            peer.end(CallError(.providerCrashed, "over"))
            peer.link.close()
            #expect(answers.allSatisfy { $0.hasEnded })
        }
        do {
            try peer.link.receive { frame in
                // What a process hears beside calls is not the connection's.
                if [.log, .metric, .ping, .pong].contains(frame.kind) { return }
                try peer.take(frame) { request, sink in
                    guard request.method.isEmpty else {
                        _ = sink.write(.event(Array("{}".utf8)))
                        sink.finish(nil)
                        sink.finish(nil)
                        return {}
                    }
                    held.withLock { $0.append(sink) }
                    return {}
                }
            }
            return "end"
        } catch let error as FrameError {
            return String(error.description.filter { !$0.isNumber }.prefix(40))
        }
    }

    @Test("a frame that can't be sent any more leaves no descriptor")
    func sendAfterEnd() throws {
        let files = try FuzzFiles()
        let (ours, theirs) = try FrameSocket.pair()
        let link = FrameLink(ours)
        shutdown(theirs.descriptor, Int32(SHUT_RDWR))
        for _ in 0..<3 { link.send(Frame(kind: .call, call: 1, descriptor: dup(files.good))) }
        #expect(files.openCount == files.count)
    }

    @Test("a side that reads nothing ends the connection when too much is waiting")
    func readsNothing() throws {
        let (ours, theirs) = try FrameSocket.pair()
        let link = FrameLink(ours, pendingBytesMax: 1 << 20)
        for _ in 0..<64 { link.send(Frame(kind: .finish, call: 1, payload: [UInt8](repeating: 0, count: 64 << 10))) }
        let error = #expect(throws: FrameError.self) { try link.receive { _ in } }
        #expect(error?.description.contains("unread") == true)
        withExtendedLifetime(theirs) {}
    }

    @Test("a call that could not be sent is not open any more")
    func unsendable() throws {
        let (ours, theirs) = try FrameSocket.pair()
        let peer = CallPeer(FrameLink(ours))
        var request = CallRequest(method: "m")
        request.parameters = [UInt8](repeating: 0, count: Frame.payloadBytesMax + 1)
        let answer = PartStream()
        #expect(peer.call(request, into: answer) == nil)
        #expect(answer.hasEnded)
        #expect(peer.open.isEmpty)
        withExtendedLifetime(theirs) {}
    }

    @Test("a write that races with the end of its call never comes after it")
    func writeBesideFinish() async throws {
        for _ in 0..<300 {
            let (ours, theirs) = try FrameSocket.pair()
            let sink = RemoteSink(FrameLink(ours), call: 1) {}
            await withTaskGroup(of: Void.self) { group in
                group.addTask { for _ in 0..<20 { _ = sink.write(.event([0x31])) } }
                group.addTask { sink.finish(CallError(.providerTimeout, "late")) }
            }
            shutdown(ours.descriptor, Int32(SHUT_WR))
            var kinds: [Frame.Kind] = []
            try FrameLink(theirs).receive { kinds.append($0.kind) }
            #expect(kinds.last == .finish)
            #expect(kinds.count { $0 == .finish } == 1)
        }
    }

    @Test("lines beyond the budget of a second are counted, and said with the next that passes")
    func noteBudget() {
        var budget = NoteBudget(linesMax: 2)
        let said = [10, 10.5, 10.6, 10.9, 11, 12.5].map { budget.take(at: $0) }
        #expect(said.map(\.passes) == [true, true, false, false, true, true])
        #expect(said.map(\.dropped) == [0, 0, 0, 0, 2, 0])
    }
}

/// Descriptors that go with frames, right and wrong ones, which can be told from everyone else's.
final class FuzzFiles {
    let good: Int32
    let unsealed: Int32
    let pipe: [Int32]
    private let name = "fuzz-\(UInt64.random(in: 0...(.max)))"

    static let size = 5

    init() throws {
        good = ccp_memory_file(name)
        unsealed = ccp_memory_file(name)
        for file in [good, unsealed] { _ = write(file, "12345", Self.size) }
        try #require(ccp_seal(good) == 0)
        var ends: [Int32] = [-1, -1]
        try #require(ccp_pipe(&ends) == 0)
        pipe = ends
    }

    deinit { for file in [good, unsealed] + pipe { close(file) } }

    let count = 3
    var all: [Int32] { [good, unsealed, pipe[0]] }

    /// How many descriptors of this process are one of these; the write end of the pipe is not counted.
    var openCount: Int {
        let pipeName = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(pipe[0])")) ?? "?"
        let links = ((try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? [])
            .compactMap { try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)") }
        return links.count { $0.contains(name) || $0 == pipeName } - 1
    }
}

/// What one side sends: bytes, and with some of them descriptors.
struct FrameStream {
    struct Part {
        var bytes: [UInt8]
        var descriptor: Int32?
    }
    var parts: [Part]
    /// The bytes of a message; 0: each part at once.
    var pieceBytes = 0

    func send(_ socket: FrameSocket) throws {
        for part in parts where !part.bytes.isEmpty {
            var descriptor = part.descriptor
            let step = pieceBytes == 0 ? part.bytes.count : pieceBytes
            for start in stride(from: 0, to: part.bytes.count, by: step) {
                try part.bytes[start..<min(start + step, part.bytes.count)].withUnsafeBytes {
                    _ = try socket.send($0, descriptor: descriptor)
                }
                descriptor = nil
            }
        }
    }

    /// Valid frames of either side, with mistakes in them.
    static func damaged(_ random: inout Torture.SplitMix, _ files: FuzzFiles) -> FrameStream {
        var parts = (0..<Int.random(in: 1...8, using: &random)).map { _ in part(frame(&random, files)) }
        for _ in 0..<Int.random(in: 0...3, using: &random) { damage(&parts, &random, files) }
        let sizes = [0, 0, 0, 1, 7]
        return FrameStream(parts: parts, pieceBytes: sizes.randomElement(using: &random) ?? 0)
    }

    /// As `damaged`, with calls of an instance among them.
    static func damagedCalls(_ random: inout Torture.SplitMix, _ files: FuzzFiles) -> FrameStream {
        var stream = damaged(&random, files)
        // At most some of what a child need not hear: the first of them would end it.
        let unheard = [Frame.Kind.write, .finish, .log].map(\.rawValue)
        stream.parts.removeAll { $0.bytes.count > 4 && unheard.contains($0.bytes[4]) && random.next() % 8 > 0 }
        var request = CallRequest(method: "chat_completion")
        request.target = PeerTarget.invoke
        request.body = Array("{}".utf8)
        if let frame = try? CallPayload.frame(request, call: UInt64.random(in: 50...(.max), using: &random)) {
            stream.parts.insert(part(frame), at: 0)
        }
        return stream
    }

    static func part(_ frame: Frame) -> Part {
        var bytes: [UInt8] = []
        frame.write(to: &bytes)
        return Part(bytes: bytes, descriptor: frame.descriptor)
    }

    private static func frame(_ random: inout Torture.SplitMix, _ files: FuzzFiles) -> Frame {
        let call = UInt64.random(in: 1...3, using: &random)
        switch Int.random(in: 0..<10, using: &random) {
        case 0: return Frame(kind: .write, call: call, payload: [2] + span("{\"a\":1}") + span("[]"))
        case 1: return Frame(kind: .write, call: call, payload: [1 | WritePayload.isPartial] + span("[1,"))
        case 2: return Frame(kind: .write, call: call, payload: [2] + span(""))
        case 3: return Frame(kind: .finish, call: call)
        case 4:
            return Frame(kind: .finish, call: call, payload: FinishPayload.bytes(CallError(.notFound, "no bank 'x'")))
        case 5: return Frame(kind: .credit, call: call, payload: [2, 0, 0, 0, 0, 0, 0, 0])
        case 6: return Frame(kind: .cancel, call: call)
        case 7: return Frame(kind: .log, payload: Array(#"{"level":2,"message":"a","fields":{}}"#.utf8))
        default: return callFrame(&random, files)
        }
    }

    private static func callFrame(_ random: inout Torture.SplitMix, _ files: FuzzFiles) -> Frame {
        var request = CallRequest(method: Bool.random(using: &random) ? "chat_completion" : "")
        request.target = "inference"
        request.parameters = Array("{}".utf8)
        request.body = Array(#"{"model":"m"}"#.utf8)
        request.requestID = "req_1"
        let isLarge = Bool.random(using: &random)
        if isLarge { request.body = [] }
        let number = UInt64.random(in: 1...40, using: &random)
        guard var frame = try? CallPayload.frame(request, call: number) else { return Frame(kind: .ping) }
        if isLarge {
            frame.payload.replaceSubrange(8..<16, with: [UInt8(FuzzFiles.size), 0, 0, 0, 0, 0, 0, 0])
            frame.descriptor = files.good
        }
        return frame
    }

    private static func span(_ text: String) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(littleEndian: UInt32(text.utf8.count))
        return bytes + Array(text.utf8)
    }

    private static func damage(_ parts: inout [Part], _ random: inout Torture.SplitMix, _ files: FuzzFiles) {
        let index = Int.random(in: 0..<parts.count, using: &random)
        guard !parts[index].bytes.isEmpty else { return }
        switch Int.random(in: 0..<11, using: &random) {
        case 0:
            let place = Int.random(in: 0..<parts[index].bytes.count, using: &random)
            parts[index].bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1: parts[index].bytes.removeLast(Int.random(in: 1...parts[index].bytes.count, using: &random))
        case 2:
            let lies: [UInt32] = [
                0, 1, 7, .max, UInt32(Int32.max), UInt32(Frame.payloadBytesMax), UInt32(Frame.payloadBytesMax + 1),
            ]
            overwrite(&parts[index].bytes, at: 0, lies.randomElement(using: &random) ?? 0)
        case 3: overwrite(&parts[index].bytes, at: 4, UInt8.random(in: 0...12, using: &random))
        case 4: overwrite(&parts[index].bytes, at: 8, UInt64.random(in: 0...(.max), using: &random) >> 60)
        case 5: overwrite(&parts[index].bytes, at: 5, UInt8.random(in: 0...3, using: &random))
        case 6: parts[index].descriptor = nil
        case 7: parts[index].descriptor = files.all.randomElement(using: &random)
        case 8: parts.append(parts[index])
        case 9: parts.swapAt(0, index)
        default:
            // A length within the payload.
            let place = Int.random(in: 0..<parts[index].bytes.count, using: &random)
            overwrite(&parts[index].bytes, at: place, UInt32.random(in: 0...(.max), using: &random))
        }
    }

    private static func overwrite<Number: FixedWidthInteger>(_ bytes: inout [UInt8], at place: Int, _ number: Number) {
        withUnsafeBytes(of: number.littleEndian) { source in
            for (index, byte) in source.enumerated() where place + index < bytes.count { bytes[place + index] = byte }
        }
    }
}
