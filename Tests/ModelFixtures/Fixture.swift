import Foundation

/// Files that tests read.
package enum Fixture {
    package static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// A model file that the repository fetches and does not hold; nil, with the reason printed, when absent.
    package static func model(_ name: String) -> String? {
        let environment = ProcessInfo.processInfo.environment["LLAMA_STACK_MODELS"]
        let path = (environment.map { URL(fileURLWithPath: $0) } ?? repository.appending(path: "models")).appending(
            path: name
        ).path
        if FileManager.default.fileExists(atPath: path) { return path }
        print("skipped: \(path) is absent; `make test-data` fetches it, or LLAMA_STACK_MODELS names its folder")
        return nil
    }
}
