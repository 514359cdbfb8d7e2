import Foundation
import LlamaStackAPI
import RawHTTP
import Synchronization
import Testing

extension EndToEnd {
    /// Jobs whose checkpoints do not fit on the disk any more.
    @Suite struct JobDiskTests {
        private static let rounds = TrainingFixture.isWhole ? 20 : 2

        /// The server's own file system of 64 MiB on `folder`, which others see below its `/proc/PID/root`.
        private static func mount(_ folder: String) -> String {
            "exec unshare --mount sh -c 'mount -t tmpfs -o size=64m,mode=700 none \(folder) && exec \"$@\"' sh \"$@\""
        }

        private static let canMount: Bool = {
            guard geteuid() == 0,
                let process = try? ChildProcess("/bin/sh", ["-c", mount("/mnt"), "sh", "true"])
            else { return false }
            defer { process.end() }
            return process.wait(seconds: 10) == .exit(0)
        }()

        @Test(
            "on a full disk a job is refused or fails with storage_full, serving goes on, and with space jobs do too",
            .enabled(if: canMount, "needs a mount of its own: root"))
        func full() throws {
            var random = SplitMix(state: 20_261_201)
            for round in 0..<Self.rounds {
                let folder = try TemporaryFolder()
                let disk = folder.path + "/disk"
                try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
                let file = try folder.write(TrainingFixture.distribution(state: disk + "/state"), "train.yaml")
                // Some three checkpoints and the best of them would fit into 2.5 MB.
                let bytesLeft = round == 0 ? 1_800_000 : Int(random.next() % 1_800_000)
                try Server.run(file: file, before: Self.mount(disk)) { server in
                    let place = "/proc/\(server.process.pid)/root\(disk)"
                    try Self.fill(place, butFor: bytesLeft)
                    let end = try Self.chatting(server) { try Self.train(server, place) }
                    #expect(end == "storage_full", "round \(round), \(bytesLeft) bytes left")
                    if round == 0 { #expect(try server.jobs().map(\.status) == [.failed]) }
                    #expect(unlink(place + "/filler") == 0)
                    let next = try TrainingFixture.request("next", steps: 3, checkpointSteps: 3)
                    #expect(try server.train(next).status == 200)
                    #expect(try server.jobLog("next").last == "completed")
                    #expect(try server.post(Requests.chatPath, Self.chat("tiny@next")).status == 200)
                }
            }
        }

        private static func chat(_ model: String) -> JSON { Requests.chat("Hi", model: model, maxTokens: 4) }

        /// Trains until there is no space, and gives the code of the error; checks what is left then.
        private static func train(_ server: Server, _ place: String) throws -> String? {
            let request = try TrainingFixture.request("first", steps: 400, checkpointSteps: 1, algorithm: .full)
            let reply = try server.train(request)
            guard reply.status == 200 else {
                #expect(try server.jobs().isEmpty)
                return reply.errorCode
            }
            let last = try server.jobLog("first").last ?? ""
            let status = try server.status("first")
            #expect(status.status == .failed)
            for checkpoint in status.checkpoints {
                let path = try #require(URL(string: checkpoint.path.string)).path
                let kept = place + path.dropFirst(path.range(of: "/disk")?.upperBound.utf16Offset(in: path) ?? 0)
                #expect(try isWhole(kept), "\(kept)")
            }
            if !status.checkpoints.isEmpty {
                #expect(try server.post(Requests.chatPath, chat("tiny@first")).status == 200)
            }
            return last.wholeMatch(of: #/failed: ([a-z_]+): .*/#).map { String($0.1) } ?? last
        }

        /// Chats with the base while `body` runs: every answer must be one.
        private static func chatting<R>(_ server: Server, _ body: () throws -> R) throws -> R {
            let statuses = Statuses()
            Thread.detachNewThread { statuses.gather { try server.post(Requests.chatPath, chat("tiny")).status } }
            let result = Result(catching: body)
            let all = statuses.end()
            #expect(!all.isEmpty && all.allSatisfy { $0 == 200 }, "\(all)")
            return try result.get()
        }

        /// A file that takes all space of a file system but some bytes.
        private static func fill(_ folder: String, butFor bytesLeft: Int) throws {
            var system = statvfs()
            try #require(statvfs(folder, &system) == 0)
            let bytes = Int(system.f_bavail) * Int(system.f_frsize) - bytesLeft
            try Data(count: max(0, bytes)).write(to: URL(fileURLWithPath: folder + "/filler"))
        }

        /// Asks a program that is not ours.
        private static func isWhole(_ folder: String) throws -> Bool {
            let words = "cd \"$0\" && sha256sum --check --strict --quiet SHA256SUMS"
            let process = try ChildProcess("/bin/sh", ["-c", words, folder])
            defer { process.end() }
            return process.wait(seconds: 30) == .exit(0)
        }
    }
}

/// What a thread gathers until it is told to end.
private final class Statuses: Sendable {
    private let all = Mutex<[Int]>([])
    private let isOver = Atomic(false)
    private let done = DispatchSemaphore(value: 0)

    /// At least one; 0 where `body` throws.
    func gather(_ body: () throws -> Int) {
        repeat {
            let status = (try? body()) ?? 0
            all.withLock { $0.append(status) }
        } while !isOver.load(ordering: .relaxed)
        done.signal()
    }

    func end() -> [Int] {
        isOver.store(true, ordering: .relaxed)
        done.wait()
        return all.withLock { $0 }
    }
}
