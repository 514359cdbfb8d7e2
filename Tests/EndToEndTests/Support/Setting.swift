import Foundation

/// Where the things under test are.
enum Setting {
    /// The package's root.
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path

    /// `LLAMA_STACK_BIN`, or the release build's.
    static let binary = environment["LLAMA_STACK_BIN"] ?? root + "/.build/release/llama-stack"

    /// The measurements, beside it.
    static var bench: String { binaryFolder + "/llama-stack-bench" }

    /// The folder of the binary and of the provider libraries beside it.
    static var binaryFolder: String { URL(fileURLWithPath: binary).deletingLastPathComponent().path }

    /// `LLAMA_STACK_MODELS`, or `models` of the root: the default model is in it.
    static let modelFile =
        (environment["LLAMA_STACK_MODELS"] ?? root + "/models") + "/SmolLM2-135M-Instruct.Q4_1.gguf"

    /// The folder of the default embedding model, beside it.
    static var embeddingModel: String {
        URL(fileURLWithPath: modelFile).deletingLastPathComponent().path + "/all-MiniLM-L6-v2"
    }

    static let fixtures = root + "/Tests/Fixtures"

    /// What processes under test get: nothing that would change what they do, but for the kernels that the tests are
    /// run with.
    static var childEnvironment: [String: String] {
        let kept = ["PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "LLAMA_STACK_ISA"]
        var child = environment.filter { kept.contains($0.key) }
        child["SWIFT_BACKTRACE"] = "enable=no"
        return child
    }

    static func library(_ name: String) -> String { "\(binaryFolder)/libprovider-inference-\(name).so" }

    static var hasRustProvider: Bool { FileManager.default.fileExists(atPath: library("echo-rust")) }

    static var updatesGolden: Bool { environment["UPDATE_GOLDEN"] == "1" }

    /// Throws, saying how to get it, when there is no such program.
    static func requireBinary(_ path: String = binary) throws {
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw Missing("there is no \(path); run `make build`, or name the command in LLAMA_STACK_BIN")
        }
    }

    /// Throws, saying how to get it, when there is no model.
    static func requireModel() throws -> String {
        guard FileManager.default.isReadableFile(atPath: modelFile) else {
            throw Missing("there is no \(modelFile); run `make model`, or name its folder in LLAMA_STACK_MODELS")
        }
        return modelFile
    }

    private static var environment: [String: String] { ProcessInfo.processInfo.environment }
}

struct Missing: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}
