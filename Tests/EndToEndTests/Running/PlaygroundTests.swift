import Foundation
import Testing

extension EndToEnd {
    /// The playground in a headless Chromium, used as a person uses it: `Tests/Fixtures/browser` says what is seen.
    /// Needs what `make browser` brings.
    @Suite struct PlaygroundTests {
        private static let axe = Setting.root + "/.build/browser/axe.min.js"
        private static let pictures = Setting.root + "/.build/browser/pictures"

        @Test("each tab does what it says, with nothing that axe finds, no error, and no request to another server")
        func tabs() throws {
            guard FileManager.default.isReadableFile(atPath: Self.axe) else {
                throw Missing("there is no \(Self.axe); run `make browser`")
            }
            let folder = try TemporaryFolder()
            let file = try folder.write(try Self.distribution(), "playground.yaml")
            try Server.run(file: file, arguments: [], environment: ["PLAYGROUND_STATE": folder.path + "/hunter2"]) {
                server in
                let script = try ChildProcess(
                    "/usr/bin/env",
                    [
                        "AXE=\(Self.axe)", "python3", Setting.fixtures + "/browser/drive.py",
                        "http://127.0.0.1:\(server.port)/", Self.pictures,
                    ])
                defer { script.end() }
                #expect(script.wait(seconds: 180) == .exit(0), "\(script.output)\(script.errors.suffix(6000))")
            }
        }

        @Test("below a path of nginx's, by server.path_prefix and without it, all that the page asks for is found")
        func proxy() throws {
            try Setting.requireBinary()
            let script = try ChildProcess(
                "/usr/bin/env",
                [
                    "AXE=\(Self.axe)", "python3", Setting.fixtures + "/browser/behind_proxy.py", Setting.binary,
                    Self.pictures,
                ])
            defer { script.end() }
            #expect(script.wait(seconds: 120) == .exit(0), "\(script.output)\(script.errors.suffix(6000))")
        }

        /// Every API that has a tab, with the real models.
        private static func distribution() throws -> String {
            """
            version: 1
            name: playground
            state: ${env.PLAYGROUND_STATE}
            providers:
              inference:
                - {provider_id: cpu, provider_type: inline::cpu, config: {context_tokens_max: 2048}}
                - {provider_id: echo, provider_type: inline::echo}
              memory_banks:
                - {provider_id: files, provider_type: inline::file, config: {embedding_model: minilm}}
              datasets:
                - {provider_id: files, provider_type: inline::file}
            models:
              - {model_id: smollm, provider_id: cpu, path: \(try Setting.requireModel())}
              - {model_id: minilm, provider_id: cpu, path: \(Setting.embeddingModel)}
              - {model_id: echo, provider_id: echo}
            """
        }
    }
}
