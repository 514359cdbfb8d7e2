import ArgumentParser
import CommandSupport
import Foundation
import Host

struct PluginInspect: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Show what a provider library holds: its APIs, methods, needs and configuration.",
        discussion: """
            Loads the library in a process of its own, and creates no provider. Exit code 69 when the host would refuse \
            it, 70 when the library ended that process.
            """)

    @OptionGroup var library: LibraryArgument
    @Flag(help: "Print a JSON object.") var json = false

    func run() async throws {
        let path = library.file
        guard FileManager.default.fileExists(atPath: path) else {
            throw Fail.with("error: no library at \(path)", exitCode: 66)
        }
        let inspection: PluginInspection
        do throws(PluginRefusal) {
            inspection = PluginInspection(try await ProcessRuntime(log: .discard).describe(path))
        } catch {
            throw Fail.with(error)
        }
        if json { Output.json(inspection.json) } else { Output.line(inspection.text) }
    }
}
