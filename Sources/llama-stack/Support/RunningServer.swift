import ArgumentParser
import CommandSupport
import Foundation
import Host
import LlamaStackAPI

/// The running server that a command asks: by its distribution or by its state folder.
struct RunningServer: ParsableArguments {
    @Argument(
        help: "The distribution that it serves: a YAML file with a 'state'.",
        completion: .file(extensions: ["yaml", "yml"]))
    var file: String?

    @Option(help: "Its state folder, in place of the file.", completion: .directory)
    var state: String?

    func validate() throws {
        guard (file == nil) != (state == nil) else {
            throw ValidationError("name the server's distribution, or its state folder with --state")
        }
    }

    /// The result. Blocks for as long as the server takes.
    func ask(_ request: JSON) throws -> JSON {
        let folder = try folder()
        do throws(ControlClient.Failure) {
            return try ControlClient.ask(stateAt: folder, request)
        } catch {
            throw Fail.with("\(error)", exitCode: error.exitCode)
        }
    }

    private func folder() throws -> String {
        if let state { return URL(fileURLWithPath: state).standardizedFileURL.path }
        let file = file ?? ""
        let path: String?
        do throws(StartFailure) {
            path = try Manifest.statePath(path: file, environment: ProcessInfo.processInfo.environment)
        } catch {
            throw Fail.with(error)
        }
        guard let path else {
            throw Fail.with(
                "error: \(file) has no 'state', the folder where its server can be asked\n"
                    + "  hint: add `state: ./state`, and start the server again", exitCode: 69)
        }
        return path
    }
}
