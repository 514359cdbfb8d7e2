import ArgumentParser
import Foundation
import Host

/// The distribution that a command works on, and how much it says while it does.
package struct DistributionArgument: ParsableArguments {
    @Argument(
        help: "The distribution: a YAML file; - reads standard input.",
        completion: .file(extensions: ["yaml", "yml"]))
    package var file: String

    package init() {}

    package func manifest() throws -> Manifest { try Self.manifest(at: file) }

    /// Its mistakes end the command; its warnings are printed.
    package static func manifest(at path: String) throws -> Manifest {
        do throws(StartFailure) {
            let manifest = try Manifest.load(path: path, environment: ProcessInfo.processInfo.environment)
            for warning in manifest.warnings { Output.error(warning.description) }
            return manifest
        } catch {
            throw Fail.with(error)
        }
    }
}
