import Foundation
import LlamaStackAPI

/// The operator's end of `<state>/control.sock`: what `llama-stack ps` and its like ask a running server.
package enum ControlClient {
    /// Why there is no answer: a sentence, what to do next, and the command's exit code.
    package struct Failure: Error, CustomStringConvertible {
        package var message: String
        package var hint: String?
        package var exitCode: Int32
        package var description: String { "error: \(message)" + (hint.map { "\n  hint: \($0)" } ?? "") }
    }

    private static let answerBytesMax = 16 << 20

    /// Asks the server that has this state folder. Blocks for as long as the server takes.
    package static func ask(stateAt folder: String, _ request: JSON) throws(Failure) -> JSON {
        let handle: Int32
        do throws(SocketFailure) {
            handle = try ControlSocket.open(folder: folder, isServer: false)
        } catch {
            throw failure(error, folder)
        }
        defer { close(handle) }
        // A server that takes no more requests has answered and closed by now.
        ControlSocket.writeLine(handle, request)
        guard
            let line = ControlSocket.readLine(handle, bytesMax: answerBytesMax, seconds: nil),
            let answer = try? JSON(parsing: line)
        else {
            throw Failure(message: "the server at \(folder) ended before it answered", exitCode: 69)
        }
        if let result = answer["result"] { return result }
        let code = ErrorCode.all.first { $0.code == answer["error"]?["code"]?.stringValue } ?? .internal
        throw Failure(
            message: answer["error"]?["message"]?.stringValue ?? "the server did not say why",
            hint: answer["error"]?["hint"]?.stringValue, exitCode: code.exitCode)
    }

    private static func failure(_ error: SocketFailure, _ folder: String) -> Failure {
        switch error.code {
        case ENOENT, ECONNREFUSED, ENOTDIR:
            Failure(
                message: "no llama-stack runs with the state folder \(folder)",
                hint: "start one with `llama-stack run`, or name another folder with --state", exitCode: 69)
        case EACCES, EPERM:
            Failure(
                message: "the server at \(folder) belongs to another user", hint: "ask as that user or as root",
                exitCode: 77)
        default: Failure(message: "the server at \(folder) can't be asked: \(error)", exitCode: 69)
        }
    }
}
