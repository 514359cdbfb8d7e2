import LlamaEngine
import ModelFixtures
import Parallel
import Testing

@testable import LlamaTraining

@Suite("Faults of training", .offPool)
struct FaultTests {
    private func trainer(
        _ data: TrainingData, _ change: (inout TrainingSettings) -> Void = { _ in }
    ) throws -> Trainer {
        var settings = TrainingSettings()
        change(&settings)
        return try Trainer(
            base: TinyModel.load("llama"), settings: settings, data: data, pool: ThreadPool(threads: 1))
    }

    @Test("a mixture of experts is refused by name")
    func experts() throws {
        let base = try Model(path: Fixture.repository.appending(path: "Tests/Fixtures/experts/qwen3moe.gguf").path)
        let error = #expect(throws: TrainingError.self) {
            _ = try Trainer(
                base: base, settings: TrainingSettings(), data: .rows(TinyModel.rows([6], vocabulary: 96)),
                pool: ThreadPool(threads: 1))
        }
        #expect(
            error?.description
                == "model: found a mixture of 8 experts (qwen3moe), wanted a dense model: experts are served, not trained"
        )
    }

    @Test("a row that can't be trained on is refused by its place")
    func rows() throws {
        let good = TinyModel.rows([6])[0]
        var (strange, negative, short, masked) = (good, good, good, good)
        strange.tokens[2] = 320
        negative.tokens[0] = -1
        short.hasLoss.removeLast()
        masked.hasLoss = [true, false, false, false, false, false]
        let long = TinyModel.rows([100_000])[0]
        for bad in [strange, negative, short, masked, long, TrainingRow(tokens: [], hasLoss: [])] {
            let error = #expect(throws: TrainingError.self) { _ = try trainer(.rows([good, bad])) }
            guard case .badRow(index: 1, _, _, _) = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
        }
        #expect(throws: TrainingError.self) { _ = try trainer(.rows([])) }
    }

    @Test(
        "a base whose gradients are not written is refused by its name",
        arguments: ["gemma2", "gemma3", "granite", "ministral3", "olmo2", "phi3", "smollm3"])
    func untrained(_ name: String) throws {
        let base = try TinyModel.load(name)
        let error = #expect(throws: TrainingError.self) {
            _ = try Trainer(
                base: base, settings: TrainingSettings(), data: .rows(TinyModel.rows([6])),
                pool: ThreadPool(threads: 1))
        }
        let architecture = name == "ministral3" ? "mistral3" : name
        #expect(
            error?.description
                == "the base model's architecture: found \(architecture), wanted one of llama, qwen2, qwen3")
    }

    @Test("a pair without a prompt or an answer is refused by its place")
    func pairs() throws {
        for (prompt, chosen, rejected) in [([], [1], [2]), ([1], [], [2]), ([1], [2], [])]
            as [([Int32], [Int32], [Int32])]
        {
            let pair = PreferencePair(prompt: prompt, chosen: chosen, rejected: rejected)
            let error = #expect(throws: TrainingError.self) {
                _ = try trainer(.pairs([pair])) { $0.preference = PreferenceSettings() }
            }
            guard case .badRow(index: 0, _, _, _) = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
        }
    }

    @Test("settings that no run can have are refused by name")
    func settings() throws {
        let changes: [(String, (inout TrainingSettings) -> Void)] = [
            ("rank", { $0.rank = 0 }), ("rank", { $0.rank = 1025 }), ("alpha", { $0.alpha = 0 }),
            ("alpha", { $0.alpha = .nan }), ("modules", { $0.modules = [] }),
            ("modules", { $0.modules = [.query, .query] }), ("learning rate", { $0.learningRate = .infinity }),
            ("smallest learning rate", { $0.learningRateMin = 1 }), ("warm-up ratio", { $0.warmupRatio = 1.5 }),
            ("weight decay", { $0.weightDecay = -1 }), ("clip norm", { $0.clipNorm = .nan }),
            ("batch size", { $0.batchSize = 0 }), ("epochs", { $0.epochs = 0 }), ("iterations", { $0.iterations = -1 }),
            ("preference settings", { $0.preference = PreferenceSettings() }),
        ]
        for (name, change) in changes {
            let error = #expect(throws: TrainingError.self) { _ = try trainer(.rows(TinyModel.rows([6])), change) }
            guard case .badSetting(name, _, _) = error else {
                Issue.record("\(name): \(String(describing: error))")
                continue
            }
        }
    }

    @Test("a run that diverges fails with its step and rows, and stays failed")
    func diverges() throws {
        let trainer = try trainer(.rows(TinyModel.rows([6, 7, 8]))) {
            $0.learningRate = 1e38
            $0.clipNorm = 0
            $0.batchSize = 1
            $0.epochs = 20
            $0.warmupRatio = 0
        }
        var found: TrainingError?
        for _ in 0..<trainer.steps {
            do {
                let report = try trainer.advance()
                #expect(report.loss.isFinite)
            } catch {
                found = error
                break
            }
        }
        guard case .notFinite(let step, _, let rows) = found else {
            Issue.record("\(String(describing: found))")
            return
        }
        #expect(step == trainer.step + 1)
        #expect(rows.count == 1)
        #expect(throws: TrainingError.self) { try trainer.advance() }
    }

    @Test("a state that is not of this run is refused by name")
    func states() throws {
        let trainer = try trainer(.rows(TinyModel.rows([6])))
        var saved: [String: [Float]] = [:]
        for tensor in trainer.state { saved[tensor.name] = tensor.numbers() }
        let name = "layers.0.q_proj.lora_A.second_moment"
        for bad in [nil, [1], saved[name]?.map { _ in .nan }] as [[Float]?] {
            let error = #expect(throws: TrainingError.self) {
                try trainer.restore(step: 0) { $0 == name ? bad : saved[$0] }
            }
            guard case .badState(name, _, _) = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
        }
        #expect(throws: TrainingError.self) { try trainer.restore(step: 2) { saved[$0] } }
    }
}
