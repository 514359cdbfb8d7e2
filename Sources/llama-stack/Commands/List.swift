import ArgumentParser
import CommandSupport
import Foundation
import Host
import LlamaStackAPI

struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List APIs, routes, methods, kinds of resource or the providers that can be found.",
        subcommands: [APIs.self, Routes.self, Methods.self, Resources.self, Providers.self])

    struct APIs: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "apis", abstract: "The APIs, with their methods.")
        @Flag(help: "Print a JSON array.") var json = false
        func run() async throws {
            let rows = API.allCases.map { api in (api, Endpoints.all.filter { $0.api == api }.map(\.method)) }
            if json {
                let items = rows.map { api, methods -> JSON in
                    ["api": .string(api.rawValue), "methods": .array(methods.map { .string($0) })]
                }
                Output.json(.array(items))
            } else {
                Output.write(Table.text(rows.map { [$0.rawValue, $1.joined(separator: ", ")] }))
            }
        }
    }

    struct Resources: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "resources", abstract: "The kinds of resource that a distribution may list.")
        @Flag(help: "Print a JSON array.") var json = false
        func run() async throws {
            if json { return Output.json(.array(ResourceKind.all.map(Self.item))) }
            let rows = ResourceKind.all.map { kind in
                [
                    kind.section, kind.idKey, kind.apis.map(\.rawValue).joined(separator: ", "),
                    kind.requestField.map { "by '\($0)'" } ?? "",
                ]
            }
            Output.write(Table.text([["SECTION", "ID", "SERVED BY", "NAMED IN REQUESTS"]] + rows))
        }

        private static func item(_ kind: ResourceKind) -> JSON {
            [
                "kind": .string(kind.name), "section": .string(kind.section), "id_key": .string(kind.idKey),
                "apis": .array(kind.apis.map { .string($0.rawValue) }),
                "request_field": kind.requestField.map { .string($0) } ?? .null,
                "has_aliases": .bool(kind.hasAliases), "code_when_unknown": .string(kind.unknownCode.code),
            ]
        }
    }

    struct Providers: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "providers", abstract: "The provider libraries that can be found, and what each holds.",
            discussion: """
                Looks where `run` does: in the folders of LLAMA_STACK_PROVIDER_PATH, in ../lib/llama-stack/providers from \
                this program, and beside it.
                """)
        @Flag(help: "Print a JSON array.") var json = false

        func run() async throws {
            let search = PluginSearch(providerPath: [], environment: ProcessInfo.processInfo.environment)
            var items: [JSON] = []
            var rows: [[String]] = []
            var hasEnded = false
            for path in search.libraries {
                do throws(PluginRefusal) {
                    let inspection = PluginInspection(try await ProcessRuntime(log: .discard).describe(path))
                    items.append(inspection.json)
                    rows += inspection.library.providers.map { [$0.api, $0.type, $0.version, $0.description, path] }
                } catch {
                    Output.error("error: \(error)")
                    hasEnded = hasEnded || error.code == PluginRefusal.endedProcess
                }
            }
            if json {
                Output.json(.array(items))
                if hasEnded { throw ExitCode(70) }
                return
            }
            guard !rows.isEmpty || hasEnded else {
                throw Fail.with(
                    "no provider libraries in \(search.folders.joined(separator: ", "))\n  hint: `make build` builds this "
                        + "project's; LLAMA_STACK_PROVIDER_PATH names folders with others", exitCode: 69)
            }
            Output.write(Table.text([["API", "TYPE", "VERSION", "WHAT", "LIBRARY"]] + rows))
            // One that ends the process which reads it is no success, though the others are shown.
            if hasEnded { throw ExitCode(70) }
        }
    }
}
