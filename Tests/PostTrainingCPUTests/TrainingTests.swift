import Foundation
import ProviderKit
import Testing

struct TrainingTests {
    @Test("what is trained is what is served: the adapter says what it was taught, and stops by itself")
    func learns() async throws {
        try await withTraining { server in
            var request = Samples.supervised(
                "routing", steps: 120, batch: 8, rate: 0.01, modules: ["q_proj", "k_proj", "v_proj", "o_proj"],
                search: ["checkpoint_steps": 40])
            request.algorithmConfig = .lora(
                LoraFinetuningConfig(
                    loraAttnModules: ["q_proj", "k_proj", "v_proj", "o_proj"], applyLoRAToMLP: true,
                    applyLoRAToOutput: false, rank: 16, alpha: 32))
            try await server.train(request)
            let log = try await server.log("routing")
            #expect(
                log.last == "completed",
                "\(log.filter { $0.hasPrefix("step") }.enumerated().filter { $0.offset % 10 == 9 }.map(\.element))")
            #expect(
                try await server.chat("tiny@routing", "Where does red go?") == "A1",
                "\(log.filter { $0.hasPrefix("step") }.enumerated().filter { $0.offset % 10 == 9 }.map(\.element))")
            #expect(try await server.chat("tiny@routing", "Where does blue go?") == "B2")
            #expect(try await server.chat("tiny", "Where does red go?") != "A1")
        }
    }

    @Test("a job trains, is logged, leaves checkpoints, and what it made answers as MODEL@JOB")
    func whole() async throws {
        try await withTraining { server in
            try await server.train(Samples.supervised("routing", steps: 6, search: ["checkpoint_steps": 3]))
            let log = try await server.log("routing")
            let status = try await server.status("routing")
            #expect(status.status == .completed, "\(log)")
            #expect(status.checkpoints.map(\.iters) == [3, 6])
            #expect(log.filter { $0.hasPrefix("step ") }.count == 6)
            #expect(log.contains { $0.hasPrefix("checkpoint 3 is served as tiny@routing") })
            #expect(log.last == "completed")
            _ = try await server.chat("tiny@routing", "hi")
            let last = try #require(status.checkpoints.last)
            let path = try #require(URL(string: last.path.string)).path
            let names = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
            #expect(
                names == [
                    "SHA256SUMS", "adapter_config.json", "adapter_model.safetensors", "optimizer.safetensors",
                    "state.json",
                ])
        }
    }
}
