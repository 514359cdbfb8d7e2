import LlamaStackAPI
import Synchronization

/// Which provider had a resource the last time: asked first, never trusted. Providers may share what they keep with
/// other hosts.
final class Owners: Sendable {
    private static let keptMax = 10_000

    private struct Key: Hashable {
        var api: API
        var id: String
    }

    private let known = Mutex<[Key: String]>([:])

    subscript(api: API, id: String) -> String? {
        get { known.withLock { $0[Key(api: api, id: id)] } }
        set {
            known.withLock { known in
                if known.count >= Self.keptMax { known.removeAll() }
                known[Key(api: api, id: id)] = newValue
            }
        }
    }
}
