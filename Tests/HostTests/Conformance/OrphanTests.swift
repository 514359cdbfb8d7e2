import Foundation
import Testing

/// A check's process ends with the command that started it.
struct OrphanTests {
    /// The processes whose parent is `process`.
    private func children(of process: Int32) -> [Int32] {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc"))?.compactMap { Int32($0) } ?? []
        return all.filter { child in
            guard let text = try? String(contentsOfFile: "/proc/\(child)/stat", encoding: .utf8),
                let name = text.lastIndex(of: ")")
            else { return false }
            let fields = text[name...].split(separator: " ")
            return fields.count > 2 && fields[2] == "\(process)" && fields[1] != "Z"
        }
    }

    private func wait(_ isSo: () -> Bool) -> Bool {
        for _ in 0..<400 where !isSo() { usleep(50_000) }
        return isSo()
    }

    @Test func `a killed command takes the check that hangs along`() async throws {
        let command = Process()
        command.executableURL = URL(fileURLWithPath: ConformanceKit.products + "/llama-stack")
        command.arguments = [
            "plugin", "test", try ConformanceKit.faults(), "--only", "becomes ready and stops", "--seconds", "600",
        ]
        command.environment = ProcessInfo.processInfo.environment.merging(["FAULT": "hang in create"]) { $1 }
        command.standardOutput = FileHandle.nullDevice
        try command.run()
        let parent = command.processIdentifier
        var seen: Int32?
        let began = wait {
            // The one before it only loads the library.
            seen = children(of: parent).first { child in
                (try? String(contentsOfFile: "/proc/\(child)/cmdline", encoding: .utf8))?.contains("becomes ready")
                    == true
            }
            let threads =
                seen.flatMap { try? FileManager.default.contentsOfDirectory(atPath: "/proc/\($0)/task") } ?? []
            return threads.contains { thread in
                (try? String(contentsOfFile: "/proc/\(seen ?? 0)/task/\(thread)/comm", encoding: .utf8)) == "caller\n"
            }
        }
        #expect(began)
        kill(parent, SIGKILL)
        command.waitUntilExit()
        let child = try #require(seen)
        #expect(wait { !FileManager.default.fileExists(atPath: "/proc/\(child)/exe") })
    }
}
