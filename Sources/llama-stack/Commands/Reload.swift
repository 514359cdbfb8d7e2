import ArgumentParser
import CommandSupport
import Foundation
import Host
import LlamaStackAPI

struct Reload: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload", abstract: "Have a running server read its distribution again.",
        discussion: """
            A file with mistakes changes nothing, and they are printed as `validate` does. Otherwise new providers are \
            started, and those that went are stopped; one whose entry changed is created again, and its calls wait \
            (at most server.limits.drain_seconds). If it can't be created, it is created as before. References such as \
            ${env.NAME} are read in the server's environment. SIGHUP does the same.
            """)

    @OptionGroup var server: RunningServer
    @Flag(help: "Print a JSON object.") var json = false

    func run() async throws {
        let answer = try server.ask(["method": "reload"])
        if json {
            Output.json(answer)
        } else {
            for diagnostic in Self.items(answer["diagnostics"]).compactMap(FileDiagnostic.init(json:)) {
                Output.error(diagnostic.description)
            }
            for entry in Self.items(answer["entries"]) { Output.line(Self.text(entry)) }
        }
        guard case .integer(let code)? = answer["exit_code"], code != 0 else { return }
        if answer["applied"] == false, !json { Output.error("nothing has changed") }
        throw ExitCode(Int32(clamping: code))
    }

    private static func items(_ json: JSON?) -> [JSON] {
        guard case .array(let items)? = json else { return [] }
        return items
    }

    /// "inference/cpu: created again (config changed)"
    private static func text(_ entry: JSON) -> String {
        let name = entry["name"]?.stringValue ?? "-", outcome = entry["outcome"]?.stringValue ?? "-"
        let detail = entry["detail"]?.stringValue.map { " (\($0))" } ?? ""
        return "\(name): \(outcome.replacing("_", with: " "))\(detail)"
    }
}
