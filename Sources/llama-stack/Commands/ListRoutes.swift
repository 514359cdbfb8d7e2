import ArgumentParser
import CommandSupport
import Dialects
import LlamaStackAPI

extension List {
    struct Routes: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "routes", abstract: "The HTTP routes: the draft's, and those of the dialects.")
        @Flag(help: "Print a JSON array.") var json = false
        @Flag(help: "Also the aliases, which are served and not in the document.") var aliases = false

        func run() async throws {
            let rows = Self.rows(aliases: aliases)
            if json { return Output.json(.array(rows.map(\.json))) }
            Output.write(Table.text(rows.map { [$0.verb.rawValue, $0.path, $0.method, $0.summary] }))
        }

        struct Row {
            var verb: Verb
            var path: String
            /// The API, or the dialect.
            var group: String
            var name: String
            var isExtension: Bool
            var isDialect: Bool
            var about: String

            var method: String { "\(group).\(name)" }
            var summary: String { about + (isExtension ? " (not in the draft)" : "") }
            var json: JSON {
                [
                    "verb": .string(verb.rawValue), "path": .string(path),
                    (isDialect ? "dialect" : "api"): .string(group),
                    "method": .string(name), "extension": .bool(isExtension),
                ]
            }
        }

        static func rows(aliases: Bool) -> [Row] {
            let drafts = Endpoints.all.flatMap { endpoint in
                (aliases ? endpoint.routes : [endpoint.route]).map { route in
                    Row(
                        verb: route.verb, path: route.path, group: endpoint.api.rawValue, name: endpoint.method,
                        isExtension: endpoint.isExtension, isDialect: false, about: endpoint.summary)
                }
            }
            let dialects = Dialects.all.flatMap { dialect in
                dialect.endpoints.flatMap { endpoint in
                    (aliases ? endpoint.paths : [endpoint.path]).map { path in
                        Row(
                            verb: endpoint.verb, path: path.description, group: dialect.name.lowercased(),
                            name: endpoint.method, isExtension: true, isDialect: true, about: endpoint.summary)
                    }
                }
            }
            return drafts + dialects
        }
    }
}
