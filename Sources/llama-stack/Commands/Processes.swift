import ArgumentParser
import CommandSupport
import Foundation
import Host
import LlamaStackAPI

struct Processes: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ps",
        abstract: "Show the providers of a running server: state, process, memory, calls.",
        discussion: """
            Asks the server over control.sock in its state folder, as its own user or as root. A provider is running, stuck \
            (a function of it has not returned for a second, or its process does not answer), restarting, failed (it crashed \
            too often and stays down) or not_started.
            """)

    @OptionGroup var server: RunningServer
    @Flag(help: "Print a JSON object.") var json = false

    func run() async throws {
        let answer = try server.ask(["method": "ps"])
        if json { return Output.json(answer) }
        guard case .array(let providers)? = answer["providers"] else { return }
        let header = ["PROVIDER", "ISOLATION", "PID", "STATE", "RESTARTS", "MEMORY", "CALLS"]
        Output.write(Table.text([header] + providers.map(Self.row)))
    }

    private static func row(_ provider: JSON) -> [String] {
        let text = { (key: String) in provider[key]?.stringValue ?? "-" }
        let number = { (key: String) in provider[key].flatMap(integer).map(String.init) ?? "-" }
        let memory = provider["memory_bytes"].flatMap(integer).map { "\(($0 + (1 << 19)) >> 20) MiB" } ?? "-"
        return [
            "\(text("api"))/\(text("provider_id"))", text("isolation"), number("pid"), state(provider),
            number("restarts"), memory, number("open_calls"),
        ]
    }

    /// "stuck since 2026-11-28T12:15:00Z (invoke chat_completion)"
    private static func state(_ provider: JSON) -> String {
        var text = provider["state"]?.stringValue ?? "-"
        if let since = provider["since"]?.stringValue { text += " since \(since)" }
        if let blocked = provider["blocked_in"]?.stringValue {
            text += " (\(Quote.printable(blocked, charactersMax: 80)))"
        }
        return text
    }

    private static func integer(_ json: JSON) -> Int? {
        if case .integer(let value) = json { Int(value) } else { nil }
    }
}
