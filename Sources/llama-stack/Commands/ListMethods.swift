import ArgumentParser
import CommandSupport
import LlamaStackAPI

extension List {
    struct Methods: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "methods", abstract: "What a provider is given for each method, and must write.",
            discussion: """
                For authors of providers. --markdown prints Documentation/Methods.md: the same with every field of every \
                object, and the error codes.
                """)
        @Flag(help: "Print a JSON array.") var json = false
        @Flag(help: "Print a page in Markdown.") var markdown = false

        func validate() throws {
            guard !(json && markdown) else { throw ValidationError("--json and --markdown are two forms: give one.") }
        }

        func run() async throws {
            let shapes = Endpoints.all.map { MethodShape($0) }
            if markdown { return Output.write(MethodsPage.page()) }
            if json { return Output.json(.array(shapes.map(\.json))) }
            let title = ["METHOD", "STREAMED", "PARAMETERS", "BODY", "ANSWER", "WRITES", "ROUTED BY"]
            Output.write(
                Table.text(
                    [title]
                        + shapes.map { shape in
                            [
                                shape.endpoint.id, shape.streamed,
                                shape.parameters.isEmpty ? "-" : shape.parameters.joined(separator: ", "),
                                shape.body ?? "-", shape.answer ?? shape.event ?? "-", shape.writes, shape.routing,
                            ]
                        }))
        }
    }
}
