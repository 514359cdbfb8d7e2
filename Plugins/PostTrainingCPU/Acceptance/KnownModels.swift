import ProviderKit
import Synchronization

/// The models of the distribution and those that were announced, as the host tells of them.
final class KnownModels: Sendable {
    private let models = Mutex<[String: Resource]>([:])

    func add(_ model: Resource) { models.withLock { $0[key(model)] = model } }
    func remove(_ model: Resource) { models.withLock { $0[key(model)] = nil } }

    /// An id may be served by two APIs.
    private func key(_ model: Resource) -> String { "\(model.provider?.prefix { $0 != "/" } ?? "") \(model.id)" }

    func contains(_ id: String) -> Bool {
        models.withLock { $0.values.contains { $0.id == id || $0.aliases?.contains(id) == true } }
    }

    /// The model that inference serves under this id or alias.
    func inference(_ name: String) -> Resource? {
        models.withLock { models in
            let served = models.values.filter { $0.provider?.hasPrefix("\(API.inference.rawValue)/") != false }
            return served.first { $0.id == name } ?? served.first { $0.aliases?.contains(name) == true }
        }
    }

    /// The model whose files are at an absolute path.
    func inference(at path: String, _ absolute: (String) -> String) -> Resource? {
        models.withLock { models in
            models.values.filter { $0.provider?.hasPrefix("\(API.inference.rawValue)/") != false }
                .sorted { $0.id < $1.id }.first { $0.path.map(absolute) == path }
        }
    }
}
