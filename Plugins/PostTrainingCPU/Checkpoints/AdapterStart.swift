import Checkpoints
import LlamaEngine
import LlamaTraining
import ProviderKit

/// The numbers of an adapter that a job goes on from.
enum AdapterStart {
    /// The products that a folder of ours changes, and its rank and alpha. Throws for one that can't be gone on with.
    static func settings(of folder: String) throws -> (modules: [TrainedModule], rank: Int, alpha: Float, isDoRA: Bool)
    {
        let path = "\(folder)/\(PEFTFolder.configurationName)"
        guard let bytes = try? WholeFile.read(path, bytesMax: 1 << 20), let json = try? JSON(parsing: bytes),
            case .array(let names)? = json["target_modules"], case .integer(let rank)? = json["r"],
            let alpha = json["lora_alpha"].flatMap({ try? Float(json: $0, at: .root) })
        else { throw JobFault("\(path) can't be read") }
        let modules = names.compactMap { $0.stringValue.flatMap(TrainedModule.init(rawValue:)) }
        guard modules.count == names.count, !modules.isEmpty else {
            throw JobFault("\(path) names modules that are not trained here")
        }
        return (modules, Int(rank), alpha, json["use_dora"] == true)
    }

    static func read(
        _ folder: String, _ model: ModelConfiguration, _ settings: TrainingSettings
    ) throws -> [TrainedChange] {
        let saved = try SavedNumbers("\(folder)/\(PEFTFolder.weightsName)")
        var changes: [TrainedChange] = []
        for module in settings.modules {
            for layer in 0..<(module == .head ? 1 : model.layers) {
                let name = "base_model.model." + path(of: module, layer: layer)
                guard let a = saved.numbers(name + ".lora_A.weight"), let b = saved.numbers(name + ".lora_B.weight")
                else { throw JobFault("the adapter to go on from has no numbers for \(name)") }
                changes.append(
                    TrainedChange(
                        module: module, layer: layer, rank: settings.rank, scale: settings.scale, a: a, b: b,
                        magnitude: saved.numbers(name + ".lora_magnitude_vector")))
            }
        }
        return changes
    }

    private static func path(of module: TrainedModule, layer: Int) -> String {
        switch module {
        case .query, .key, .value, .output: "model.layers.\(layer).self_attn.\(module.rawValue)"
        case .gate, .up, .down: "model.layers.\(layer).mlp.\(module.rawValue)"
        case .head: module.rawValue
        }
    }
}
