import Foundation
import Testing

extension EndToEnd {
    /// The tabs of the playground for data, agents and training, as `PlaygroundTests` has those for inference.
    @Suite struct PlaygroundBeyondInferenceTests {
        private static let axe = Setting.root + "/.build/browser/axe.min.js"
        private static let pictures = Setting.root + "/.build/browser/pictures"

        @Test("each tab for data, agents and training does what it says, with nothing that axe finds and no error")
        func tabs() throws {
            guard FileManager.default.isReadableFile(atPath: Self.axe) else {
                throw Missing("there is no \(Self.axe); run `make browser`")
            }
            let folder = try TemporaryFolder()
            let file = try folder.write(try Self.distribution(folder.path), "playground.yaml")
            try Server.run(file: file, arguments: []) { server in
                let script = try ChildProcess(
                    "/usr/bin/env",
                    [
                        "AXE=\(Self.axe)", "TABS=beyond_inference", "python3", "-B",
                        Setting.fixtures + "/browser/drive.py", "http://127.0.0.1:\(server.port)/", Self.pictures,
                    ])
                defer { script.end() }
                #expect(script.wait(seconds: 180) == .exit(0), "\(script.output)\(script.errors.suffix(6000))")
            }
        }

        /// Every API that these tabs ask, with the real models.
        private static func distribution(_ folder: String) throws -> String {
            """
            version: 1
            name: playground
            state: state
            providers:
              inference:
                - {provider_id: cpu, provider_type: inline::cpu, config: {context_tokens_max: 2048}}
              memory_banks:
                - {provider_id: files, provider_type: inline::file, config: {embedding_model: minilm}}
              datasets:
                - {provider_id: files, provider_type: inline::file, config: {file_roots: ["\(folder)"]}}
              tools:
                - {provider_id: builtin, provider_type: inline::builtin}
              safety:
                - {provider_id: patterns, provider_type: inline::patterns}
              agentic_system:
                - {provider_id: agents, provider_type: inline::reference}
              post_training:
                - {provider_id: trainer, provider_type: inline::cpu}
              synthetic_data_generation:
                - provider_id: generator
                  provider_type: inline::reference
                  config: {model: smollm, max_tokens: 12, dataset_folder: "\(folder)/made"}
              reward_scoring:
                - {provider_id: rewards, provider_type: inline::model}
            tool_groups:
              - {tool_group_id: math, provider_id: builtin}
            shields:
              - {shield_id: patterns, provider_id: patterns}
            models:
              - {model_id: smollm, provider_id: cpu, path: \(try Setting.requireModel())}
              - {model_id: minilm, provider_id: cpu, path: \(Setting.embeddingModel)}
              - {model_id: tiny, provider_id: rewards, path: \(Setting.fixtures)/reward/tiny, config: {kind: head}}
            """
        }
    }
}
