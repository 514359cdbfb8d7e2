import Foundation

/// This process's descriptors, threads and children, to be compared with later.
package struct OwnProcess: CustomStringConvertible {
    package let descriptors = count("/proc/self/fd")
    package let threads = count("/proc/self/task")
    package let children: Int

    package init() {
        let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []
        children = tasks.reduce(0) { sum, task in
            let listed = (try? String(contentsOfFile: "/proc/self/task/\(task)/children", encoding: .utf8)) ?? ""
            return sum + listed.split(separator: " ").count
        }
    }

    private static func count(_ folder: String) -> Int {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).count
    }

    package var description: String { "\(descriptors) descriptors, \(threads) threads, \(children) children" }
}
