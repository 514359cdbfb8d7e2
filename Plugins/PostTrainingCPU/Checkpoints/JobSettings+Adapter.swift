import LlamaTraining
import ProviderKit

extension JobSettings {
    /// Takes the shape of the adapter that is trained on, which the request may not say otherwise.
    mutating func goOn(from adapter: String, _ request: JobRequest) throws {
        let found = try AdapterStart.settings(of: adapter)
        let said = ["rank", "alpha", "modules"].first { request.hyperparamSearchConfig[$0] != nil }
        if let said {
            let field = "\(SearchSettings.field).\(said)"
            throw ProviderError(
                .invalidRequest,
                "\(field) is for a whole model: finetuned_model is an adapter, trained on as it is (rank \(found.rank), "
                    + "alpha \(found.alpha))", field: field)
        }
        (training.modules, training.rank, training.alpha) = (found.modules, found.rank, found.alpha)
        training.algorithm = found.isDoRA ? .dora : .lora
    }
}
