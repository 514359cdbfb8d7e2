import Foundation
import LlamaStackAPI
import Testing

@testable import Host

/// `<state>/control.sock`: who may ask, and what is asked.
struct ControlSocketTests {
    private static func folder(_ name: String = UUID().uuidString) throws -> String {
        let folder = FileManager.default.temporaryDirectory.path + "/control-\(name)"
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        return folder
    }

    private static func server(_ folder: String) throws -> ControlServer {
        try ControlServer(folder: folder, log: .discard) { request in ["result": request["method"] ?? .null] }
    }

    /// Not on Swift's pool, which the server's answer needs.
    private static func ask(_ folder: String, _ request: JSON = ["method": "ps"]) async throws -> JSON {
        try await OffPool.run { Result { try ControlClient.ask(stateAt: folder, request) } }.get()
    }

    /// Sends these bytes and gives back what comes.
    private static func exchange(_ folder: String, _ bytes: [UInt8], isWhole: Bool = false) throws -> String? {
        let handle = try ControlSocket.open(folder: folder, isServer: false)
        defer { close(handle) }
        // A server that has had enough closes meanwhile.
        _ = bytes.withUnsafeBytes { send(handle, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        if isWhole { shutdown(handle, Int32(SHUT_WR)) }
        return ControlSocket.readLine(handle, bytesMax: 1 << 20, seconds: 60).map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    @Test("a request is one line of JSON, and so is the answer")
    func answers() async throws {
        let folder = try Self.folder(), server = try Self.server(folder)
        #expect(try await Self.ask(folder) == "ps")
        server.stop()
    }

    @Test("the socket is its user's alone and is removed at the end")
    func mode() throws {
        let folder = try Self.folder(), server = try Self.server(folder)
        var status = stat()
        #expect(lstat("\(folder)/control.sock", &status) == 0)
        #expect(status.st_mode & S_IFMT == S_IFSOCK)
        #expect(status.st_mode & 0o777 == 0o600)
        server.stop()
        #expect(lstat("\(folder)/control.sock", &status) != 0)
    }

    @Test("one that a killed server left is replaced")
    func stale() async throws {
        let folder = try Self.folder()
        let left = try ControlSocket.open(folder: folder, isServer: true)
        close(left)
        let failure = await #expect(throws: ControlClient.Failure.self) { _ = try await Self.ask(folder) }
        #expect(failure?.exitCode == 69)
        #expect(failure?.message == "no llama-stack runs with the state folder \(folder)")
        let server = try Self.server(folder)
        #expect(try await Self.ask(folder) == "ps")
        server.stop()
    }

    @Test("without a server the command says so", arguments: ["", "/nowhere"])
    func noServer(below: String) throws {
        let folder = try Self.folder() + below
        let failure = #expect(throws: ControlClient.Failure.self) {
            _ = try ControlClient.ask(stateAt: folder, ["method": "ps"])
        }
        #expect(failure?.exitCode == 69)
    }

    @Test("a folder may have a path longer than an address")
    func longPath() async throws {
        let folder = try Self.folder(UUID().uuidString + "/" + String(repeating: "x", count: 200))
        let server = try Self.server(folder)
        #expect(try await Self.ask(folder) == "ps")
        server.stop()
    }

    @Test("what is no request spoils its own connection only")
    func nonsense() async throws {
        let folder = try Self.folder(), server = try Self.server(folder)
        #expect(try Self.exchange(folder, Array("nonsense\n".utf8))?.contains("invalid_json") == true)
        #expect(try Self.exchange(folder, [], isWhole: true) == nil)
        #expect(try Self.exchange(folder, Array("{".utf8), isWhole: true) == nil)
        let long = [UInt8](repeating: 0x20, count: ControlSocket.requestBytesMax + 4096)
        #expect(try Self.exchange(folder, long, isWhole: true) == nil)
        #expect(try await Self.ask(folder) == "ps")
        server.stop()
    }

    @Test("no more are answered at once than the limit, and those beyond are told")
    func busy() async throws {
        let folder = try Self.folder(), isReleased = Once<Bool>(), entered = DispatchSemaphore(value: 0)
        let server = try ControlServer(folder: folder, log: .discard) { _ in
            entered.signal()
            _ = isReleased.waitBlocking()
            return ["result": "done"]
        }
        let waiting = (0..<ControlSocket.connectionsMax).map { _ in
            Task { try await OffPool.run { Result { try ControlClient.ask(stateAt: folder, [:]) } }.get() }
        }
        await OffPool.run { for _ in 0..<ControlSocket.connectionsMax { entered.wait() } }
        let failure = await #expect(throws: ControlClient.Failure.self) {
            try await OffPool.run { Result { try ControlClient.ask(stateAt: folder, [:]) } }.get()
        }
        #expect(failure?.exitCode == 75)
        isReleased.set(true)
        for task in waiting { #expect(try await task.value == "done") }
        server.stop()
    }
}
