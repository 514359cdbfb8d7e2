import Foundation
import ModelFixtures
import ProviderKit
import Testing

/// What becomes of a job when a file of its newest checkpoint is not what was written.
struct CheckpointDamageTests {
    enum Damage: CaseIterable {
        case cut, flipped, gone, longer
    }

    /// The files of adapters in three ways and those of whole models in one; or all in every way, five times.
    private static let rounds = Samples.isWhole ? 5 : 1
    private static let adapterDamages = Samples.isWhole ? Damage.allCases : [.cut, .flipped, .gone]
    private static let modelDamages = Samples.isWhole ? Damage.allCases : [.flipped]

    private static let adapterFiles = [
        "state.json", "optimizer.safetensors", "adapter_model.safetensors", "adapter_config.json", "SHA256SUMS",
    ]
    private static let modelFiles = ["state.json", "optimizer.safetensors", "model.gguf", "SHA256SUMS"]

    @Test("a checkpoint of an adapter that is damaged is left out", arguments: adapterFiles, adapterDamages)
    func adapter(file: String, damage: Damage) async throws { try await goesOn(.lora, file, damage) }

    @Test("a checkpoint of a whole model that is damaged is left out", arguments: modelFiles, modelDamages)
    func wholeModel(file: String, damage: Damage) async throws { try await goesOn(.full, file, damage) }

    /// The job goes on from the checkpoint before, says so, and ends with the weights of one that ran through.
    private func goesOn(_ algorithm: FinetuningAlgorithm, _ file: String, _ damage: Damage) async throws {
        var random = SplitMix(seed: 20_261_201)
        let (steps, checkpointSteps) = (100, 10)
        func request(_ id: String) -> PostTrainingSFTRequest {
            Samples.long(
                id, steps: steps, algorithm: algorithm, search: ["checkpoint_steps": .integer(Int64(checkpointSteps))])
        }
        for _ in 0..<Self.rounds {
            try await withTraining { server in
                try await server.train(request("through"))
                _ = try await server.log("through")
                try await server.train(request("cut"))
                try await server.wait(for: "checkpoint \(3 * checkpointSteps) is served", "cut")
                await server.stop()
                let (folder, step) = try Self.newestCheckpoint(below: server.folder + "/state", under: steps)
                let path = "\(folder)/\(file)"
                let place = try Self.apply(damage, to: path, &random)
                try await server.restart()
                let log = try await server.log("cut")
                let said = log.filter { $0.hasPrefix("checkpoint \(step) is damaged and left out: ") }
                #expect(said.count == 1, "\(damage) \(file) at \(place): \(log.suffix(9))")
                #expect(log.contains("resumed at step \(step - checkpointSteps)/\(steps)"), "\(log.suffix(9))")
                #expect(try await server.status("cut").status == .completed)
                #expect(try await server.weights("cut") == (try await server.weights("through")))
            }
        }
    }

    /// Changes a file, and gives the place.
    private static func apply(_ damage: Damage, to path: String, _ random: inout SplitMix) throws -> Int {
        let file = URL(fileURLWithPath: path)
        var bytes = try Data(contentsOf: file)
        let place = Int(random.next() % UInt64(bytes.count))
        switch damage {
        case .cut: try bytes.prefix(place).write(to: file)
        case .flipped:
            bytes[place] ^= 1 << UInt8(random.next() % 8)
            try bytes.write(to: file)
        case .gone: try FileManager.default.removeItem(at: file)
        case .longer: try (bytes + [bytes[place]]).write(to: file)
        }
        return place
    }

    /// Of the job that has not reached `steps`: the folder of its newest checkpoint, and that one's step.
    private static func newestCheckpoint(below state: String, under steps: Int) throws -> (path: String, step: Int) {
        let all = try FileManager.default.subpathsOfDirectory(atPath: state)
        let checkpoints = all.compactMap { path -> (path: String, step: Int)? in
            guard let step = path.wholeMatch(of: #/.*/checkpoints/step-(\d+)/#).flatMap({ Int($0.1) }) else {
                return nil
            }
            return ("\(state)/\(path)", step)
        }
        let byJob = Dictionary(grouping: checkpoints) { ($0.path as NSString).deletingLastPathComponent }
        let newest = byJob.values.compactMap { $0.max { $0.step < $1.step } }
        return try #require(newest.first { $0.step < steps })
    }
}
