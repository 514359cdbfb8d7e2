import Foundation
import LlamaStackAPI
import Testing

@testable import Host

/// What a start says about things outside of the distribution's own grammar: files, libraries, names in configs.
struct ConfigPlaceTests {
    private func lines(
        _ yaml: String, directory: String = "/nowhere", log: LogRecord = LogRecord()
    ) async throws -> [String] {
        let failure = await failure {
            let manifest = try distribution(yaml, directory: directory)
            _ = try await Stack.start(manifest, environment: [:], log: log.sink)
        }
        return try #require(failure).diagnostics.map(\.description)
    }

    private func folder() throws -> String {
        let path = ProbeLibrary.folder + "/place-\(UInt32.random(in: 0...UInt32.max))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }

    private static func probe() throws -> String { try ProbeLibrary.build() }

    @Test("every model file that is missing is shown at its path, before a provider is created, and once")
    func missingFiles() async throws {
        let folder = try folder()
        try Data().write(to: URL(fileURLWithPath: folder + "/small.gguf"))
        let log = LogRecord()
        let lines = try await lines(
            """
            version: 1
            providers:
              inference: [{provider_id: probe, provider_type: inline::probe, library: \(try Self.probe())}]
            models:
              - {model_id: a, path: smal.gguf}
              - {model_id: b, path: small.gguf}
              - model_id: c
                path: models/c.gguf
              - {model_id: d, base: b, adapter: tuned}
              - {model_id: e, path: "https://example.org/e.gguf"}
            """, directory: folder, log: log)
        #expect(
            lines == [
                "test.yaml:5:25: error: model 'a': there is no file \(folder)/smal.gguf\n  hint: \(folder) has 'small.gguf'",
                "test.yaml:8:11: error: model 'c': there is no folder \(folder)/models (for \(folder)/models/c.gguf)",
                "test.yaml:9:37: error: model 'd': there is no file \(folder)/tuned",
                "test.yaml:10:25: error: model 'e': a path of this machine is wanted, got a URL\n"
                    + "  hint: download it, and name the file",
            ])
        #expect(log.lines.isEmpty)
    }

    @Test("a path that starts at the current folder is told from one that starts at the file's")
    func currentFolder() async throws {
        let name = "Package.swift"
        let here = FileManager.default.currentDirectoryPath
        try #require(FileManager.default.fileExists(atPath: here + "/" + name))
        let folder = try folder()
        let lines = try await lines(
            """
            version: 1
            providers:
              inference: [{provider_id: probe, provider_type: inline::probe, library: \(try Self.probe())}]
            models: [{model_id: a, path: \(name)}]
            """, directory: folder)
        #expect(
            lines == [
                "test.yaml:4:30: error: model 'a': there is no file \(folder)/\(name)\n"
                    + "  hint: \(here)/\(name) exists, below the current folder; paths start at the file's folder, \(folder)"
            ])
    }

    @Test("an optional model without its file is left out, in the same words")
    func optionalModel() async throws {
        let log = LogRecord()
        let manifest = try distribution(
            """
            version: 1
            providers:
              inference: [{provider_id: probe, provider_type: inline::probe, library: \(try Self.probe())}]
            models: [{model_id: a, path: /no/where/a.gguf, optional: true}]
            """)
        let stack = try await Stack.start(manifest, environment: [:], log: log.sink)
        #expect(stack.summary.failed.map(\.reason) == ["model 'a': there is no folder /no (for /no/where/a.gguf)"])
        await stack.shutdown(withinSeconds: 2)
    }

    @Test("a library that is missing is shown where it is named, by its file or by its type")
    func library() async throws {
        let lines = try await lines(
            """
            version: 1
            providers:
              inference:
                - {provider_id: a, provider_type: inline::probe, library: ./nothing.so}
                - {provider_id: b, provider_type: inline::nothing}
                - {provider_id: c, provider_type: inline::probe, library: nothing}
                - {provider_id: d, provider_type: inline::other, library: \(try Self.probe())}
            """)
        let places = lines.map { $0.prefix { $0 != " " } }
        #expect(places == ["test.yaml:4:63:", "test.yaml:5:39:", "test.yaml:6:63:", "test.yaml:7:63:"])
    }

    /// Of a provider that answers `create` with `error`.
    private func refused(_ error: String, status: String = "LSP_UNAVAILABLE") async throws -> [String] {
        let library = try ProbeLibrary.build(
            ["ERROR=\"\(error)\"", "STATUS=\(status)"],
            source: ProbeLibrary.root + "/Tests/Fixtures/broken-providers/refusing.c")
        return try await lines(
            """
            version: 1
            providers:
              inference:
                - {provider_id: a, provider_type: inline::refusing, library: \(library), config: {token: hush-hush}}
            """)
    }

    @Test(
        "what a provider says when it does not start is shown, whatever its form",
        arguments: [
            ("no such device", "no such device (not an error object of the contract)"),
            (" two\\nlines\\033[31m ", "two\\nlines\\u{1b}[31m (not an error object of the contract)"),
            ("bad token hush-hush", "bad token *** (not an error object of the contract)"),
            (#"{\"why\":1}"#, #"{"why":1} (not an error object of the contract)"#),
            (#"{\"message\":\"it is asleep\"}"#, "it is asleep"), ("", "it did not say why"),
            (" ", "it did not say why"),
        ])
    func createErrors(_ error: String, _ wanted: String) async throws {
        #expect(try await refused(error) == ["test.yaml:4:7: error: inference/a did not start: \(wanted)"])
    }

    @Test("a refusal of the config that is not the contract's array is shown too")
    func badConfigErrors() async throws {
        #expect(
            try await refused("port 5 is odd", status: "LSP_BAD_CONFIG") == [
                "test.yaml:4:7: error: inference/a did not start: port 5 is odd (not an error object of the contract)"
            ])
        let lines = try await refused(#"[\"port 5 is odd\"]"#, status: "LSP_BAD_CONFIG")
        #expect(lines.count == 1 && lines[0].hasSuffix(": error: config of inference/a: port 5 is odd"), "\(lines)")
    }

    @Test("a long text in place of an error is cut")
    func longCreateError() async throws {
        let line = try #require(try await refused(String(repeating: "x", count: 5000)).first)
        #expect(line.hasSuffix("xxx… (not an error object of the contract)") && line.count < 700)
    }

    @Test("a need that is not an API is the library's mistake")
    func misspelledNeed() async throws {
        let library = try ProbeLibrary.build("PROVIDER_API=\"memory_banks\"", #"PROVIDER_NEEDS="[\"inferense\"]""#)
        let lines = try await lines(
            """
            version: 1
            providers:
              memory_banks:
                - provider_id: a
                  provider_type: inline::probe
                  library: \(library)
            """)
        #expect(
            lines == [
                "test.yaml:6:16: error: \(library): its 'needs' names 'inferense', which is not an API (did it mean 'inference'?)\n  hint: this must be mended in the library, not in the distribution"
            ])
    }

    @Test("an API of a later version that a provider can do without does not keep it from starting")
    func laterWish() async throws {
        let library = try ProbeLibrary.build("PROVIDER_API=\"memory_banks\"", #"PROVIDER_NEEDS="[\"telepathy?\"]""#)
        let manifest = try distribution(
            """
            version: 1
            providers:
              memory_banks: [{provider_id: a, provider_type: inline::probe, library: \(library)}]
            """)
        await (try await Stack.start(manifest, environment: [:])).shutdown(withinSeconds: 2)
    }

    @Test("a type that comes close to a library's is suggested")
    func closeType() async throws {
        let folder = try folder()
        try FileManager.default.copyItem(
            atPath: try Self.probe(), toPath: folder + "/libprovider-inference-special.so")
        let lines = try await lines(
            """
            version: 1
            provider_path: [\(folder)]
            providers:
              inference: [{provider_id: a, provider_type: inline::spceial}]
            """)
        #expect(lines.count == 1 && lines[0].contains("hint: did you mean inline::special? looked in \(folder)"))
    }

    /// A probe whose config names a model, and a list of them.
    private static func naming() throws -> String {
        let schema =
            #"{\"type\":\"object\",\"properties\":{\"model\":{\"type\":\"string\",\"x-resource\":\"model\"},"#
            + #"\"more\":{\"type\":\"array\",\"items\":{\"type\":\"string\",\"x-resource\":\"model\"}},"#
            + #"\"other\":{\"type\":\"string\",\"x-resource\":\"planet\"}}}"#
        return try ProbeLibrary.build("PROVIDER_SCHEMA=\"\(schema)\"")
    }

    @Test("a config that names a model which the distribution does not have is refused at its line")
    func unknownModel() async throws {
        let lines = try await lines(
            """
            version: 1
            providers:
              inference:
                - provider_id: a
                  provider_type: inline::probe
                  library: \(try Self.naming())
                  config:
                    model: tinny
                    more: [tiny, alias, nope]
                    other: pluto
            models: [{model_id: tiny, aliases: [alias]}]
            """)
        #expect(
            lines == [
                "test.yaml:8:16: error: config of inference/a: 'model' names the model 'tinny', which this distribution does not have (did you mean 'tiny'?)",
                "test.yaml:9:29: error: config of inference/a: item 2 names the model 'nope', which this distribution does not have; it has tiny, alias",
            ])
    }

    @Test("a model that was announced in an earlier run may be named")
    func announcedModel() async throws {
        let state = try folder()
        chmod(state, 0o700)
        try Data(#"[{"kind":"model","id":"tuned"}]"#.utf8).write(to: URL(fileURLWithPath: state + "/announced.json"))
        let manifest = try distribution(
            """
            version: 1
            state: \(state)
            providers:
              inference:
                - {provider_id: a, provider_type: inline::probe, library: \(try Self.naming()), config: {model: tuned}}
            """)
        await (try await Stack.start(manifest, environment: [:])).shutdown(withinSeconds: 2)
    }

    @Test("a value of a config that has another type is shown with how to write it")
    func configHints() async throws {
        let schema =
            #"{\"type\":\"object\",\"properties\":{\"list\":{\"type\":\"array\"},\"text\":{\"type\":\"string\"},"#
            + #"\"on\":{\"type\":\"boolean\"},\"count\":{\"type\":\"integer\"}}}"#
        let library = try ProbeLibrary.build("PROVIDER_SCHEMA=\"\(schema)\"")
        let lines = try await lines(
            """
            version: 1
            providers:
              inference:
                - provider_id: a
                  provider_type: inline::probe
                  library: \(library)
                  config: {list: x, text: 5, on: yes, count: "5"}
            """)
        #expect(
            lines == [
                "test.yaml:7:22: error: config of inference/a: 'list' must be an array, got a string\n  hint: write [x]",
                "test.yaml:7:31: error: config of inference/a: 'text' must be a string, got a number\n  hint: to keep it as text write \"5\"",
                "test.yaml:7:38: error: config of inference/a: 'on' must be a boolean, got a string\n  hint: write true",
                "test.yaml:7:50: error: config of inference/a: 'count' must be an integer, got a string\n  hint: write 5, without quotes",
            ])
    }
}
