import Foundation
import Synchronization

/// How long threads of a process compute at a stretch: CPU time between two moments at which the thread sleeps of its
/// own accord. What other programs do to the machine does not count, so this may be compared with a bound on a busy
/// one.
///
/// Looks from outside, every millisecond or as often as it gets to run. Looking seldom makes stretches shorter, never
/// longer.
final class ThreadWatch: @unchecked Sendable {  // safe: written by its own thread alone until that has ended
    private struct Seen {
        var computed: UInt64
        var pauses: UInt64
        var stretch: UInt64
    }

    private let folder: String
    private var threads: [String: Seen] = [:]
    private var longest: [String: UInt64] = [:]
    private let isStopped = Atomic(false)
    private let ended = DispatchSemaphore(value: 0)

    init(_ process: ChildProcess) {
        folder = "/proc/\(process.pid)/task"
        Thread.detachNewThread { [self] in
            while !isStopped.load(ordering: .relaxed) {
                look()
                usleep(1000)
            }
            look()
            ended.signal()
        }
    }

    /// Ends the watch.
    /// - Returns: milliseconds of the longest stretch of any thread of each name.
    func stop() -> [String: Double] {
        isStopped.store(true, ordering: .relaxed)
        ended.wait()
        return longest.mapValues { Double($0) / 1e6 }
    }

    private func look() {
        for id in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
            guard let name = text(id, "comm")?.trimmingCharacters(in: .newlines),
                let computed = text(id, "schedstat")?.split(separator: " ").first.flatMap({ UInt64($0) }),
                let line = text(id, "status")?.split(separator: "\n").first(where: { $0.hasPrefix("voluntary") }),
                let pauses = line.split(separator: "\t").last.flatMap({ UInt64($0) })
            else { continue }
            let before = threads[id] ?? Seen(computed: computed, pauses: pauses, stretch: 0)
            let more = computed >= before.computed ? computed - before.computed : 0
            let stretch = pauses == before.pauses ? before.stretch + more : 0
            threads[id] = Seen(computed: computed, pauses: pauses, stretch: stretch)
            longest[name] = max(longest[name] ?? 0, stretch)
        }
    }

    private func text(_ thread: String, _ file: String) -> String? {
        FileManager.default.contents(atPath: "\(folder)/\(thread)/\(file)").map { String(decoding: $0, as: UTF8.self) }
    }
}
