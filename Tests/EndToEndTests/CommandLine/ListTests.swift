import Foundation
import LlamaStackAPI
import Testing

extension EndToEnd {
    /// `list` and `spec`: what the command says about itself.
    @Suite struct ListTests {
        @Test("`list apis` has a line for each API, and --json the same")
        func apis() throws {
            let lines = try Command.run(["list", "apis"], exits: 0).output.split(separator: "\n")
            let json = try JSON(parsing: try Command.run(["list", "apis", "--json"], exits: 0).output)
            #expect(json.items.map { $0["api"]?.stringValue } == API.allCases.map(\.rawValue))
            for (line, item) in zip(lines, json.items) {
                let methods = (item["methods"]?.items ?? []).compactMap(\.stringValue).joined(separator: ", ")
                #expect(line.hasPrefix(item["api"]?.stringValue ?? "-") && line.hasSuffix("  " + methods))
            }
            #expect(lines.count == json.items.count)
        }

        @Test("`list routes` has the contract's 25 routes and this server's own, and --json the same")
        func routes() throws {
            let contract = try Fixture.json("contract.json")["paths"]?.objectValue ?? [:]
            let wanted = Set(contract.members.map { "\($0.value["method"]?.stringValue ?? "") \($0.key)" })
            try #require(wanted.count == 25)
            let json = try JSON(parsing: try Command.run(["list", "routes", "--json"], exits: 0).output)
            let found = json.items.map { "\($0["verb"]?.stringValue ?? "") \($0["path"]?.stringValue ?? "")" }
            let own = json.items.filter { $0["extension"] == true }.count
            #expect(Set(found).isSuperset(of: wanted) && found.count == 25 + own)
            let dialects = json.items.filter { $0["dialect"] != nil }
            #expect(own == Endpoints.all.filter(\.isExtension).count + dialects.count)
            #expect(dialects.contains { $0["path"] == "/v1/chat/completions" })
            let text = try Command.run(["list", "routes"], exits: 0).output
            let words = text.split(separator: "\n").map { $0.split(separator: " ").prefix(2).joined(separator: " ") }
            #expect(words == found)
        }

        @Test("`list resources` has a line for each kind, and --json the same")
        func resources() throws {
            let lines = try Command.run(["list", "resources"], exits: 0).output.split(separator: "\n").dropFirst()
            let json = try JSON(parsing: try Command.run(["list", "resources", "--json"], exits: 0).output)
            #expect(json.items.map { $0["section"]?.stringValue } == ResourceKind.all.map(\.section))
            for (line, item) in zip(lines, json.items) {
                #expect(line.hasPrefix("\(item["section"]?.stringValue ?? "-") "))
                #expect(line.contains(" \(item["id_key"]?.stringValue ?? "-") "))
            }
            #expect(lines.count == json.items.count)
        }

        @Test("`list methods` has a line for each method, --json the same, and --markdown is the page about them")
        func methods() throws {
            let lines = try Command.run(["list", "methods"], exits: 0).output.split(separator: "\n").dropFirst()
            let json = try JSON(parsing: try Command.run(["list", "methods", "--json"], exits: 0).output)
            let ids = json.items.map { "\($0["api"]?.stringValue ?? "").\($0["method"]?.stringValue ?? "")" }
            #expect(ids == Endpoints.all.map(\.id))
            #expect(lines.map { $0.prefix { $0 != " " } } == ids.map { $0[...] })
            let page = try Command.run(["list", "methods", "--markdown"], exits: 0).output
            let kept = FileManager.default.contents(atPath: Setting.root + "/Documentation/Methods.md") ?? Data()
            #expect(page == String(decoding: kept, as: UTF8.self))
            _ = try Command.run(["list", "methods", "--markdown", "--json"], exits: 64)
        }

        @Test("`list providers` shows every provider beside the command, and --json the same")
        func providers() throws {
            let types = ["inline::blas", "inline::cpu", "inline::echo", "inline::echo-c"]  // of inference; others may be there too
            let text = try Command.run(["list", "providers"], exits: 0).output
            let json = try JSON(parsing: try Command.run(["list", "providers", "--json"], exits: 0).output)
            let found = json.items.flatMap { $0["providers"]?.items ?? [] }.compactMap { $0["type"]?.stringValue }
            for type in types {
                #expect(found.contains(type))
                #expect(text.split(separator: "\n").contains { $0.hasPrefix("inference ") && $0.contains(" \(type) ") })
            }
        }

        @Test("`spec --format json` prints the contract's document")
        func spec() throws {
            let contract = try Fixture.json("contract.json")
            let printed = try JSON(parsing: try Command.run(["spec", "--format", "json"], exits: 0).output)
            #expect(printed == OpenAPI.document(extensions: false))
            let paths = printed["paths"]?.objectValue ?? [:]
            for route in contract["paths"]?.objectValue?.members ?? [] {
                let verb = route.value["method"]?.stringValue?.lowercased() ?? ""
                #expect(paths[route.key]?[verb] != nil, "\(verb) \(route.key)")
            }
            #expect(paths.keys.count == contract["paths"]?.objectValue?.keys.count)
        }

        @Test("`spec` prints YAML unless told otherwise, as recorded")
        func yaml() throws {
            let text = try Command.run(["spec"], exits: 0).output
            #expect(text == String(decoding: try Fixture.bytes("golden/openapi.yaml"), as: UTF8.self))
        }

        @Test("`spec --output` writes openapi.yaml and openapi.html into a new folder")
        func output() throws {
            let folder = try TemporaryFolder()
            let target = folder.path + "/new/docs"
            let said = try Command.run(["spec", "--output", target], exits: 0).output
            #expect(said == "wrote \(target)/openapi.yaml\nwrote \(target)/openapi.html\n")
            func text(_ name: String) -> String {
                String(decoding: FileManager.default.contents(atPath: "\(target)/\(name)") ?? Data(), as: UTF8.self)
            }
            #expect(text("openapi.yaml") == (try Command.run(["spec"], exits: 0).output))
            #expect(text("openapi.html") == (try Command.run(["spec", "--format", "html"], exits: 0).output))
            #expect(text("openapi.html").hasPrefix("<!doctype html>"))
        }

        @Test("a folder that can't be written is 73")
        func outputFails() throws {
            let command = try Command.run(["spec", "--output", "/proc/none"], exits: 73)
            #expect(command.errors.contains("/proc/none"))
        }
    }
}
